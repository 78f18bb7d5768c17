//! What became of an edit of something that has a name and a generation. Holds no SQL.

/// How an edit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// As it was asked for; the generation counted up.
    Done,
    /// Not at all: the name is another's.
    Taken,
    /// Not at all: somebody else has changed it in the meantime, or it is gone.
    Stale,
}
