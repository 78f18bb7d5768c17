//! Tokens as programs ask for them: what a person's own tokens and those of application users have in common.

use control::{Context, tokens};
use domain::{errors::Error, inputs, views::TokenRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    answers::Listed,
    calls::{OrNull, lines, refuse_empty},
    operations::Parameter,
};

pub(super) const UNUSED_DAYS: Parameter =
    Parameter { name: "unused_days", description: "Only tokens that were not used for this many days." };

impl Listed for TokenRow {
    const PLURAL: &'static str = "tokens";
}

/// A token to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateToken {
    /// What it is for.
    description: String,
    /// Roles and permissions that it is limited to; none for everything its owner can do.
    #[serde(default)]
    #[schemars(example = ["project:services:read"])]
    scopes: Vec<String>,
    /// From where it may be used; none for anywhere.
    #[serde(default)]
    #[schemars(example = ["203.0.113.0/24"])]
    ip_ranges: Vec<String>,
    /// Seconds that it lives; none for ever.
    #[serde(default)]
    max_age_seconds: Option<i64>,
    /// Whether each use moves its end.
    #[serde(default)]
    extend_when_used: bool,
}

impl TryFrom<CreateToken> for inputs::CreateToken {
    type Error = Error;
    fn try_from(body: CreateToken) -> Result<Self, Error> {
        refuse_empty("scopes", &body.scopes)?;
        Ok(Self {
            description: body.description,
            scopes: body.scopes,
            ip_ranges: lines("ip_ranges", &body.ip_ranges)?,
            max_age_seconds: number(body.max_age_seconds),
            extend_when_used: body.extend_when_used,
            ..Self::default()
        })
    }
}

/// What a token is to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditToken {
    /// What it is for.
    description: String,
    /// From where it may be used; none for anywhere.
    ip_ranges: Vec<String>,
    /// The generation that this is a change of; if it is not the present one, nothing is changed.
    generation: i64,
}

impl TryFrom<EditToken> for inputs::EditToken {
    type Error = Error;
    fn try_from(body: EditToken) -> Result<Self, Error> {
        Ok(Self {
            description: body.description,
            ip_ranges: lines("ip_ranges", &body.ip_ranges)?,
            generation: body.generation,
        })
    }
}

/// A token as it is after a change.
#[derive(Serialize, JsonSchema)]
pub(super) struct EditedToken {
    /// As in the list.
    #[serde(flatten)]
    row: TokenRow,
    /// What whoever changed it should know: that its ranges shut out the address it was asked for from, or the one that the
    /// token was last used from.
    warnings: Vec<String>,
}

impl EditedToken {
    pub(super) fn new(ctx: &Context, row: TokenRow) -> Self {
        Self { warnings: tokens::warnings(ctx, &row), row }
    }
}

/// How a token is to be replaced.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateToken {
    /// Hours that both are good; none for a day.
    #[serde(default)]
    overlap_hours: Option<i64>,
}

impl RotateToken {
    pub(super) fn overlap(&self) -> String {
        number(self.overlap_hours)
    }
}

/// Which tokens are to be ended.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeTokens {
    /// Those that were not used for this many days; null for all. It must be there: who forgets it does not mean all.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(with = "OrNull<i64>")]
    unused_days: Option<i64>,
}

impl RevokeTokens {
    pub(super) fn days(&self) -> String {
        number(self.unused_days)
    }
}

/// How many tokens were ended.
#[derive(Serialize, JsonSchema)]
pub(super) struct RevokedTokens {
    /// Those that had not ended before.
    pub(super) revoked: i64,
}

/// A number as forms send it; empty for none.
pub(super) fn number(number: Option<i64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_no_text_is_no_limit_and_is_refused() {
        let create = |scopes: &[&str], ranges: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let body = CreateToken {
                description: "Deploys".into(),
                scopes: owned(scopes),
                ip_ranges: owned(ranges),
                max_age_seconds: None,
                extend_when_used: false,
            };
            inputs::CreateToken::try_from(body)
        };
        assert!(create(&[], &[]).is_ok() && create(&["operator"], &["10.0.0.0/8", "192.0.2.7"]).is_ok());
        for (scopes, ranges, field) in [
            (&[""][..], &[][..], "scopes"),
            (&["operator", " "], &[], "scopes"),
            (&[], &[""], "ip_ranges"),
            (&[], &["10.0.0.0/8\n0.0.0.0/0"], "ip_ranges"),
            (&[], &["10.0.0.0/8,0.0.0.0/0"], "ip_ranges"),
        ] {
            assert_eq!(create(scopes, ranges).err().unwrap().field(), Some(field), "{scopes:?} {ranges:?}");
        }
        let body = EditToken { description: "x".into(), ip_ranges: vec![String::new()], generation: 0 };
        let error = inputs::EditToken::try_from(body).err().unwrap();
        assert_eq!(error.field(), Some("ip_ranges"));
    }
}
