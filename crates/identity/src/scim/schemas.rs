//! The attributes that are kept of people and groups, as RFC 7643 describes attributes. What is not here is not kept.

/// The schema of people.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of what companies know of people.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// People.
    User,
    /// Groups.
    Group,
}

/// The type of an attribute's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A text.
    Text,
    /// Yes or no.
    Boolean,
    /// An instant in RFC 3339.
    Instant,
    /// The address of another resource.
    Reference,
    /// Further attributes.
    Complex,
}

/// An attribute.
#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Of what type its values are.
    pub kind: Type,
    /// Whether it has a list of values.
    pub is_list: bool,
    /// Whether it cannot be without.
    pub is_required: bool,
    /// Whether clients cannot change it.
    pub is_read_only: bool,
    /// Whether capitals make another value of it.
    pub is_exact: bool,
    /// Whether no two resources have the same value.
    pub is_unique: bool,
    /// The values that there are; empty for any.
    pub values: &'static [&'static str],
    /// What its values have.
    pub parts: &'static [Self],
}

const TEXT: Attribute = Attribute {
    name: "",
    description: "",
    kind: Type::Text,
    is_list: false,
    is_required: false,
    is_read_only: false,
    is_exact: false,
    is_unique: false,
    values: &[],
    parts: &[],
};

const fn text(name: &'static str, description: &'static str) -> Attribute {
    Attribute { name, description, ..TEXT }
}

/// What every resource has (RFC 7643 section 3.1).
pub const COMMON: &[Attribute] = &[
    Attribute { is_read_only: true, is_exact: true, is_unique: true, ..text("id", "Its id here.") },
    Attribute { is_exact: true, ..text("externalId", "Its id at the identity provider.") },
    Attribute { is_list: true, is_read_only: true, is_exact: true, ..text("schemas", "Its schemas.") },
    Attribute {
        kind: Type::Complex,
        is_read_only: true,
        parts: &[
            Attribute { is_read_only: true, is_exact: true, ..text("resourceType", "User or Group.") },
            Attribute {
                kind: Type::Instant,
                is_read_only: true,
                ..text("created", "Since when it is kept.")
            },
            Attribute {
                kind: Type::Instant,
                is_read_only: true,
                ..text("lastModified", "When it was last changed.")
            },
            Attribute {
                kind: Type::Reference,
                is_read_only: true,
                is_exact: true,
                ..text("location", "Its address.")
            },
            Attribute { is_read_only: true, is_exact: true, ..text("version", "Its version.") },
        ],
        ..text("meta", "What is known of it.")
    },
];

/// What is kept of people.
pub const USER_ATTRIBUTES: &[Attribute] = &[
    Attribute {
        is_required: true,
        is_unique: true,
        ..text(
            "userName",
            "The e-mail address, of a domain that is verified and leads to this identity provider.",
        )
    },
    Attribute {
        kind: Type::Complex,
        parts: &[
            text("formatted", "The whole name."),
            text("familyName", "The last name."),
            text("givenName", "The first name."),
        ],
        ..text("name", "What they are called.")
    },
    text("displayName", "What they are called here, before what the name says."),
    text("title", "What they do."),
    Attribute {
        kind: Type::Boolean,
        is_required: true,
        ..text("active", "Whether they can sign in. Taken as true where a new resource does not say.")
    },
    Attribute {
        kind: Type::Complex,
        is_list: true,
        is_read_only: true,
        parts: &[
            Attribute { is_read_only: true, ..text("value", "The address.") },
            Attribute { is_read_only: true, values: &["work"], ..text("type", "Always work.") },
            Attribute { kind: Type::Boolean, is_read_only: true, ..text("primary", "Always true.") },
        ],
        ..text(
            "emails",
            "The one address, which is the userName. Sending another one as the primary is refused.",
        )
    },
    Attribute {
        kind: Type::Complex,
        is_list: true,
        parts: &[
            Attribute { values: &["work"], ..text("type", "Only work is kept.") },
            text("locality", "The city."),
            text("country", "The code of the country, as ISO 3166-1 has it in two letters."),
        ],
        ..text("addresses", "Where they work. One is kept.")
    },
];

/// What is kept of people beyond the core.
pub const ENTERPRISE_ATTRIBUTES: &[Attribute] = &[text("department", "Among whom they work.")];

/// What is kept of groups.
pub const GROUP_ATTRIBUTES: &[Attribute] = &[
    Attribute {
        is_required: true,
        is_unique: true,
        ..text("displayName", "The name, unique in the organization.")
    },
    Attribute {
        kind: Type::Complex,
        is_list: true,
        parts: &[
            Attribute {
                is_exact: true,
                ..text("value", "The id of somebody whom this identity provider keeps.")
            },
            Attribute { kind: Type::Reference, is_exact: true, ..text("$ref", "Their address.") },
            Attribute { values: &["User"], ..text("type", "Always User.") },
        ],
        ..text("members", "Who is in it.")
    },
];

/// What RFC 7643 knows besides and nothing is kept of. Clients may send it.
pub const NOT_KEPT: &[&str] = &[
    "nickName",
    "profileUrl",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "password",
    "phoneNumbers",
    "ims",
    "photos",
    "groups",
    "entitlements",
    "roles",
    "x509Certificates",
    "middleName",
    "honorificPrefix",
    "honorificSuffix",
    "streetAddress",
    "region",
    "postalCode",
    "formatted",
    "display",
    "primary",
    "employeeNumber",
    "costCenter",
    "organization",
    "division",
    "manager",
];

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// Name of the resource type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Where resources of the kind are.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    /// Its schema.
    #[must_use]
    pub const fn schema(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    /// What its schema has.
    #[must_use]
    pub const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => USER_ATTRIBUTES,
            Self::Group => GROUP_ATTRIBUTES,
        }
    }

    /// Its extension, with what that has.
    #[must_use]
    pub const fn extension(self) -> Option<(&'static str, &'static [Attribute])> {
        match self {
            Self::User => Some((ENTERPRISE, ENTERPRISE_ATTRIBUTES)),
            Self::Group => None,
        }
    }

    /// The attribute of that name, in any case of its letters.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'static Attribute> {
        find(COMMON, name).or_else(|| find(self.attributes(), name))
    }
}

/// The attribute of that name among these, in any case of its letters.
#[must_use]
pub fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// Whether the RFC knows an attribute of that name which is not kept.
#[must_use]
pub fn is_not_kept(name: &str) -> bool {
    NOT_KEPT.iter().any(|known| known.eq_ignore_ascii_case(name))
}
