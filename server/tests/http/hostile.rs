//! What strangers try: to find out who has an account, to guess, to bring what they were not given. Each test prints its
//! figures.

mod cookies;
mod guesses;
mod strangers;
