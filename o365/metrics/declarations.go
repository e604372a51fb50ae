// Package metrics has every metric of an input.
//
// Each is declared in this file, once: as a field of [Stream] or [Tenant], whose
// type is its instrument ([Counter], [Gauge], [Time], [Histogram], …) and whose tag
// has what users see. A new field is a new metric; nothing else in this package
// changes. The code that counts uses the field: stream.Records.Add(n).
//
// The keys of a tag are
//
//   - name: the metric's name by Prometheus' conventions, with its unit, and without
//     the prefix fluentbit_o365_ that the plugin adds;
//   - help: the help text, in whole sentences. Of several fields with one name only
//     the first has one;
//   - label: one more label and its value, where several fields are one metric;
//   - optional: "true" if there is no series where the function of the field returns
//     zero when the series are created.
//
// A metric of a stream has the labels tenant and content_type, and one of a tenant
// has the label tenant. The order of the fields is that in which Fluent Bit and
// conf/monitoring/README.md list the metrics; after a change,
// go generate ./o365/option writes that page.
package metrics

import "github.com/fluent-bit-o365/fluent-bit-o365/o365/source"

// Stream has the metrics of one content type of a tenant.
type Stream struct {
	Up                  Gauge     `name:"up" help:"Whether content is collected: 1 in the states ok and degraded, 0 in the states starting and failing."`
	LagSeconds          GaugeFunc `name:"lag_seconds" help:"Now minus complete_timestamp_seconds, by Microsoft's clock. A stream without new content has no lag."`
	Complete            Time      `name:"complete_timestamp_seconds" help:"Unix time up to which all content that Microsoft has listed is delivered or reported as lost, by contentCreated; at first the time from which on content is collected, at most 7 days ago. It moves on when there is no new content, too."`
	Listed              Time      `name:"listed_timestamp_seconds" help:"Unix time up to which the newest content is listed, by contentCreated; 0 before the first listing."`
	Newest              Time      `name:"newest_content_timestamp_seconds" help:"Unix time of contentCreated of the newest content blob delivered since the start; 0 for none. It stands still when there is no new content."`
	LastSuccess         Time      `name:"last_success_timestamp_seconds" help:"Unix time of the last listing that went well; 0 for none since the start."`
	EventLag            Histogram `name:"event_lag_seconds" help:"Time from a record's CreationTime until Fluent Bit has stored it; records without a usable CreationTime are left out."`
	Records             Counter   `name:"records_total" help:"Records that Fluent Bit has stored."`
	Bytes               Counter   `name:"bytes_total" help:"MessagePack bytes of these records, as fluentbit_input_bytes_total counts them."`
	Duplicates          Counter   `name:"duplicates_total" help:"Records dropped because they were delivered before: the same Id in the same tenant, and the same content."`
	Conflicts           Counter   `name:"id_conflicts_total" help:"Records delivered although another record had their Id, since their content is another. In DLP.All that is usual."`
	Oversized           Counter   `name:"oversized_total" help:"Records larger than record_max, of which only the first fields were delivered, with the field o365_record_too_large."`
	Adjusted            Counter   `name:"adjusted_values_total" help:"Values of records that are not as they came: text that is not valid UTF-8 and was repaired, numbers and nesting that MessagePack or Fluent Bit cannot hold and became text."`
	Malformed           Counter   `name:"malformed_total" help:"Elements of content blobs that are no usable records."`
	Delivered           Counter   `name:"blobs_total" label:"result=delivered" help:"Content blobs: delivered are those of which Fluent Bit has stored every record, lost those that could not be had any more."`
	Lost                Counter   `name:"blobs_total" label:"result=lost"`
	Late                Counter   `name:"late_blobs_total" help:"Content blobs that only the sweep of the last day or of the last seven days found, in a time that had been listed and delivered whole before."`
	Archived            Counter   `name:"archive_blobs_total" label:"result=kept" help:"Content blobs and the archive: kept are those that were written to it, lost those that expired before it could be reached again, and version counts a blob that Microsoft has served with other content before, of which the longer one is kept too."`
	ArchiveLost         Counter   `name:"archive_blobs_total" label:"result=lost"`
	ArchiveVersions     Counter   `name:"archive_blobs_total" label:"result=version"`
	ArchivedBytes       Counter   `name:"archive_bytes_total" help:"Bytes written to the archive, compressed."`
	ArchivePending      Gauge     `name:"archive_pending_blobs" help:"Content blobs whose records are handed over, and that wait for the archive."`
	ReplayBlobs         GaugeFunc `name:"replay_blobs" help:"Content blobs of the archive in the span that is replayed. Only a replay has this and the following ones."`
	ReplayDone          GaugeFunc `name:"replay_done_blobs" help:"Those of them for which nothing is left to do: delivered, by an earlier run too, or lost."`
	ReplayBytes         GaugeFunc `name:"replay_bytes" help:"Size in the archive, compressed, of the blobs in replay_blobs."`
	ReplayDoneBytes     GaugeFunc `name:"replay_done_bytes" help:"Size in the archive, compressed, of the blobs in replay_done_blobs."`
	Pending             Gauge     `name:"pending_blobs" help:"Content blobs that are listed and not delivered yet."`
	Queue               Gauge     `name:"queue_bytes" help:"MessagePack bytes of records that wait for Fluent Bit or are not confirmed by it yet."`
	Gaps                Counter   `name:"gaps_total" help:"Spans of time and content blobs that could not be had any more."`
	GapSeconds          Counter   `name:"gap_seconds_total" help:"Length of these spans, by contentCreated; a blob counts one second. What several of them cover counts once."`
	GapsRecovered       Counter   `name:"gaps_recovered_total" help:"Those that were taken back, because their content came after all."`
	GapSecondsRecovered Counter   `name:"gap_seconds_recovered_total" help:"Length of what was taken back, of parts of a gap too: what is lost is gap_seconds_total minus this."`
	Retries             Counter   `name:"retries_total" help:"Listings, downloads and subscription starts that failed and are tried again, without those that were throttled."`

	id source.Stream
}

// Tenant has the metrics of one tenant, and its streams.
type Tenant struct {
	Requests          requestCounters `name:"requests_total" help:"Requests by operation (subscriptions, start, list, download, token) and by how they were answered: Microsoft's AF code or the HTTP status where it is counted by itself, else 4xx or 5xx; without an answer timeout, dns, tls or network. A token is one login, with any retry of it."`
	Throttled         Counter         `name:"throttled_total" help:"Requests that Microsoft refused because there were too many."`
	RequestsPerMinute GaugeFunc       `name:"requests_per_minute" help:"Requests a minute that the plugin allows itself at present, up to the option."`
	TokenExpiry       TimeFunc        `name:"token_expiry_timestamp_seconds" help:"Unix time when the present access token ends; 0 while there is none. It is renewed before."`
	CredentialExpiry  TimeFunc        `name:"credential_expiry_timestamp_seconds" help:"Unix time when the certificate ends that logs in; not there for other ways to log in." optional:"true"`
	ReplayPosition    TimeFunc        `name:"replay_position_timestamp_seconds" help:"Unix time of the start of the hour that a replay reads, by contentCreated; 0 before the first, and where the time is unknown."`
	Clock             ServiceClock    `name:"clock_skew_seconds" help:"Microsoft's clock minus that of this machine; differences below two seconds are 0."`

	name    string
	streams []*Stream // in the order of the options
}
