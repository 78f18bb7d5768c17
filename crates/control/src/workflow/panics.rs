//! Panics of one piece of work, caught so that the worker that did it goes on. Does not say where they came from: the
//! panic hook has told the log already.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use crate::errors::Failure;

/// Runs a piece of work to its end; a panic in it is a failure of it like any other. What it held is dropped, so a
/// transaction that it had open is undone.
pub(crate) async fn caught<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(poll) => poll,
        Err(panic) => Poll::Ready(Err(Failure::Panicked(text(panic.as_ref())))),
    })
    .await
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason is given")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        assert_eq!(caught(async { Ok(7) }).await.unwrap(), 7);
        let failed = caught(async {
            tokio::task::yield_now().await;
            let nothing = std::env::args().count() == 0;
            assert!(nothing, "there is nothing");
            Ok(())
        });
        assert!(failed.await.unwrap_err().to_string().contains("there is nothing"));
    }
}
