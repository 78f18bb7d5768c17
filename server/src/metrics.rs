//! Counts requests and prints figures in Prometheus' text format, together with what `control` knows.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::http::{Method, StatusCode};

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];
/// Different series, at most; more requests than that are counted together.
const SERIES_MAX: usize = 512;
/// Bytes of a memory page, as the kernel counts in `statm`.
const PAGE_BYTES: u64 = 4096;

/// What was counted since the start.
#[derive(Default)]
pub(crate) struct Metrics {
    in_flight: AtomicI64,
    streams: AtomicI64,
    series: Mutex<BTreeMap<Labels, Series>>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Labels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Default)]
struct Series {
    count: u64,
    seconds: f64,
    buckets: [u64; BUCKETS.len()],
}

/// A gauge that is one higher for as long as this lives.
pub(crate) struct InFlight(Arc<Metrics>);

/// An open event stream.
pub(crate) struct OpenStream(Arc<Metrics>);

impl Metrics {
    /// Counts a request as begun.
    pub(crate) fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self.clone())
    }

    /// Counts an event stream as open.
    pub(crate) fn open_stream(self: &Arc<Self>) -> OpenStream {
        self.streams.fetch_add(1, Ordering::Relaxed);
        OpenStream(self.clone())
    }

    /// Everything as text.
    pub(crate) fn render(&self, control: &str) -> String {
        let mut text = String::with_capacity(4096);
        let version = env!("CARGO_PKG_VERSION");
        let fixed = [
            (
                "redoubt_build_info",
                "gauge",
                "Version of this server.",
                format!("{{version=\"{version}\"}} 1"),
            ),
            ("redoubt_http_requests_in_flight", "gauge", "Requests being answered.", gauge(&self.in_flight)),
            ("redoubt_http_streams_open", "gauge", "Open event streams.", gauge(&self.streams)),
            (
                "process_resident_memory_bytes",
                "gauge",
                "Resident memory of this process.",
                format!(" {}", resident_bytes()),
            ),
        ];
        for (name, kind, help, value) in fixed {
            // Writing into a String does not fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name}{value}\n");
        }
        self.render_requests(&mut text);
        text.push_str(control);
        text
    }

    fn render_requests(&self, text: &mut String) {
        const NAME: &str = "redoubt_http_request_seconds";
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let _ = write!(text, "# HELP {NAME} Time to the head of the answer.\n# TYPE {NAME} histogram\n");
        for (Labels { method, route, status }, series) in series {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            for (bound, count) in BUCKETS.iter().zip(series.buckets) {
                let _ = writeln!(text, "{NAME}_bucket{{{labels},le=\"{bound}\"}} {count}");
            }
            let Series { count, seconds, .. } = series;
            let _ = writeln!(text, "{NAME}_bucket{{{labels},le=\"+Inf\"}} {count}");
            let _ = writeln!(text, "{NAME}_sum{{{labels}}} {seconds:.6}\n{NAME}_count{{{labels}}} {count}");
        }
    }
}

impl InFlight {
    /// Counts the request as answered.
    pub(crate) fn end(self, method: &Method, route: Option<&str>, status: StatusCode, elapsed: Duration) {
        let mut series = self.0.series.lock().unwrap_or_else(PoisonError::into_inner);
        let mut labels = Labels {
            method: known_method(method),
            route: route.unwrap_or("none").replace(['"', '\\', '\n'], "_"),
            status: status.as_u16(),
        };
        if series.len() >= SERIES_MAX && !series.contains_key(&labels) {
            labels.route = "other".to_owned();
        }
        let entry = series.entry(labels).or_default();
        let seconds = elapsed.as_secs_f64();
        entry.count += 1;
        entry.seconds += seconds;
        for (bound, count) in BUCKETS.iter().zip(&mut entry.buckets) {
            *count += u64::from(seconds <= *bound);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

fn gauge(value: &AtomicI64) -> String {
    format!(" {}", value.load(Ordering::Relaxed))
}

/// Clients may invent methods; series may not.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * PAGE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_bounds_its_series() {
        let metrics = Arc::new(Metrics::default());
        for index in 0..SERIES_MAX + 10 {
            let route = format!("/{index}");
            metrics.begin().end(&Method::GET, Some(&route), StatusCode::OK, Duration::from_millis(7));
        }
        let text = metrics.render("more 1\n");
        assert!(text.contains("route=\"other\",status=\"200\",le=\"0.005\"} 0\n"), "{text}");
        assert!(text.contains("_count{method=\"GET\",route=\"other\",status=\"200\"} 10\n"));
        assert!(text.contains("redoubt_http_requests_in_flight 0\n"));
        assert!(text.ends_with("more 1\n"));
    }
}
