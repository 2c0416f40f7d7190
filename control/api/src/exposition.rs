//! Prometheus' other format: messages of `io.prometheus.client`, which has native histograms. Names and numbers are those of that format's description.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::ACCEPT;
use prost::Message;

use crate::metrics::{HistogramSeries, Metrics, NativeHistogram, Value};

/// `Content-Type` of such a page: message after message, each behind its length.
pub(crate) const CONTENT_TYPE: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

#[derive(Clone, PartialEq, Message)]
struct LabelPair {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// `Gauge` and `Counter`.
#[derive(Clone, PartialEq, Message)]
struct Number {
    #[prost(double, tag = "1")]
    value: f64,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, tag = "1")]
    cumulative_count: u64,
    #[prost(double, tag = "2")]
    upper_bound: f64,
}

/// Neighboring classes: how many are left out in front of them, and how many there are.
#[derive(Clone, PartialEq, Message)]
struct BucketSpan {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, tag = "1")]
    sample_count: u64,
    #[prost(double, tag = "2")]
    sample_sum: f64,
    #[prost(message, repeated, tag = "3")]
    bucket: Vec<Bucket>,
    #[prost(sint32, optional, tag = "5")]
    schema: Option<i32>,
    #[prost(double, optional, tag = "6")]
    zero_threshold: Option<f64>,
    #[prost(uint64, optional, tag = "7")]
    zero_count: Option<u64>,
    #[prost(message, repeated, tag = "9")]
    negative_span: Vec<BucketSpan>,
    #[prost(sint64, repeated, packed = "false", tag = "10")]
    negative_delta: Vec<i64>,
    #[prost(message, repeated, tag = "12")]
    positive_span: Vec<BucketSpan>,
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    positive_delta: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, repeated, tag = "1")]
    label: Vec<LabelPair>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Number>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Number>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct MetricFamily {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    help: Option<String>,
    /// 0 counter, 1 gauge, 4 histogram.
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
    #[prost(message, repeated, tag = "4")]
    metric: Vec<Metric>,
}

/// Classes as spans, and each count as the difference from the one before.
fn spans(classes: &BTreeMap<i32, u64>) -> (Vec<BucketSpan>, Vec<i64>) {
    let (mut spans, mut deltas): (Vec<BucketSpan>, Vec<i64>) = Default::default();
    let (mut next, mut before) = (0_i32, 0_u64);
    for (class, count) in classes {
        match spans.last_mut() {
            Some(span) if *class == next => span.length += 1,
            _ => spans.push(BucketSpan { offset: class.wrapping_sub(next), length: 1 }),
        }
        next = class.wrapping_add(1);
        deltas.push(count.wrapping_sub(before).cast_signed());
        before = *count;
    }
    (spans, deltas)
}

/// The least number above zero that the zero class of Prometheus' own libraries ends with.
const ZERO_THRESHOLD: f64 = 2.938_735_877_055_719e-39;

fn native(native: &NativeHistogram, to: &mut Histogram) {
    to.schema = Some(native.schema);
    to.zero_threshold = Some(ZERO_THRESHOLD);
    to.zero_count = Some(native.zero);
    (to.positive_span, to.positive_delta) = spans(&native.positive);
    (to.negative_span, to.negative_delta) = spans(&native.negative);
    if to.positive_span.is_empty() && to.negative_span.is_empty() {
        // By an empty span a histogram without values is told from a classic one.
        to.positive_span.push(BucketSpan { offset: 0, length: 0 });
    }
}

fn histogram(series: &HistogramSeries) -> Histogram {
    let bucket = |(upper_bound, cumulative_count): &(f64, u64)| Bucket {
        cumulative_count: *cumulative_count,
        upper_bound: *upper_bound,
    };
    let mut message = Histogram {
        sample_count: series.count,
        sample_sum: series.sum,
        bucket: series.buckets.iter().map(bucket).collect(),
        ..Histogram::default()
    };
    if let Some(found) = &series.native {
        native(found, &mut message);
    }
    message
}

/// A page of metrics as messages.
pub(crate) fn messages(metrics: &Metrics) -> Vec<u8> {
    let mut bytes = Vec::new();
    for family in &metrics.families {
        let kind = match family.kind {
            "counter" => 0,
            "gauge" => 1,
            _ => 4,
        };
        let metric = |(labels, value): &(Vec<(String, String)>, Value)| {
            let label =
                |(name, value): &(String, String)| LabelPair { name: name.clone(), value: value.clone() };
            let mut metric = Metric { label: labels.iter().map(label).collect(), ..Metric::default() };
            let number = match value {
                Value::Whole(number) => Some(Number { value: *number as f64 }),
                Value::Real(number) => Some(Number { value: *number }),
                Value::Histogram(series) => {
                    metric.histogram = Some(histogram(series));
                    None
                }
            };
            let place = if kind == 0 { &mut metric.counter } else { &mut metric.gauge };
            *place = number;
            metric
        };
        let message = MetricFamily {
            name: Some(family.name.clone()),
            help: Some(family.help.clone()),
            kind: Some(kind),
            metric: family.samples.iter().map(metric).collect(),
        };
        bytes.extend(message.encode_length_delimited_to_vec());
    }
    bytes
}

/// How much a kind of content is wanted (RFC 9110, section 12.5.1), and whether it is this one; nothing for another kind that is not served.
fn wanted(range: &str) -> Option<(bool, f64)> {
    let mut words = range.split(';').map(str::trim);
    let kind = words.next()?.to_ascii_lowercase();
    let (mut quality, mut is_family, mut is_delimited) = (1.0, false, false);
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        let value = value.trim_matches('"');
        match name.trim() {
            "q" => quality = value.parse().unwrap_or(0.0),
            "proto" => is_family = value == "io.prometheus.client.MetricFamily",
            "encoding" => is_delimited = value == "delimited",
            _ => {}
        }
    }
    match kind.as_str() {
        "application/vnd.google.protobuf" => (is_family && is_delimited).then_some((true, quality)),
        "text/plain" | "text/*" | "*/*" => Some((false, quality)),
        _ => None,
    }
}

/// Whether who asks would rather have messages than text.
pub(crate) fn wants_messages(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let (mut messages, mut text) = (0.0_f64, 0.0_f64);
    for (is_messages, quality) in lines.flat_map(|line| line.split(',')).filter_map(wanted) {
        let most = if is_messages { &mut messages } else { &mut text };
        *most = most.max(quality);
    }
    messages > 0.0 && messages >= text
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn spans_and_differences_give_the_classes_back() {
        let classes = BTreeMap::from([(-700, 3), (-699, 1), (-698, 8), (-650, 2), (4, 5)]);
        let (spans, deltas) = spans(&classes);
        let lengths: Vec<(i32, u32)> = spans.iter().map(|span| (span.offset, span.length)).collect();
        assert_eq!(lengths, [(-700, 3), (47, 1), (653, 1)]);
        let (mut at, mut count, mut found) = (0, 0, BTreeMap::new());
        let mut deltas = deltas.into_iter();
        for span in spans {
            at += span.offset;
            for _ in 0..span.length {
                count += deltas.next().expect("one a class");
                found.insert(at, count.cast_unsigned());
                at += 1;
            }
        }
        assert_eq!((found, deltas.next()), (classes, None));
    }

    #[test]
    fn messages_are_for_who_asks_for_them() {
        let asks = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            wants_messages(&headers)
        };
        let messages =
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
        let both = [
            messages,
            ",application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        ];
        assert!(asks(both.concat().leak()));
        assert!(asks(
            "application/vnd.google.protobuf; proto=\"io.prometheus.client.MetricFamily\"; encoding=delimited; q=0.6, text/plain;q=0.5"
        ));
        for other in [
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "*/*",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
            "application/vnd.google.protobuf;proto=other;encoding=delimited",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.2,text/plain",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0",
        ] {
            assert!(!asks(other), "{other}");
        }
        assert!(!wants_messages(&HeaderMap::new()));
    }
}
