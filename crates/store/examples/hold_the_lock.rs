//! Locks an SQLite database as another process: the second party of a contract test. Reads a path, locks the database
//! there, says so, and keeps the lock until its input ends.

use sqlx::{Connection, SqliteConnection};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", line.trim())).await?;
    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut connection).await?;
    println!("locked");
    std::io::stdin().read_line(&mut line)?;
    Ok(())
}
