//! Tokens as they are sent (RFC 7515, compact serialization): looks strictly, verifies nothing.
