package health

var (
	perTenant = []string{"tenant"}
	perStream = []string{"tenant", "content_type"}
)

// The metrics. Their names and help are what people see; package health's
// Metrics binds them to what is counted.
var (
	metricUp = Metric{Name: "up", Type: GaugeType, Labels: perStream,
		Help: "Whether content is collected: 1 in the states ok and degraded, 0 in the states starting and failing."}
	metricRecords = Metric{Name: "records_total", Type: CounterType, Labels: perStream,
		Help: "Records that Fluent Bit has stored."}
	metricBytes = Metric{Name: "bytes_total", Type: CounterType, Labels: perStream,
		Help: "MessagePack bytes of these records, as fluentbit_input_bytes_total counts them."}
	metricBlobs = Metric{Name: "blobs_total", Type: CounterType, Labels: []string{"tenant", "content_type", "result"},
		Help: "Content blobs: delivered are those of which Fluent Bit has stored every record, lost those that could not be had any more."}
	metricLate = Metric{Name: "late_blobs_total", Type: CounterType, Labels: perStream,
		Help: "Content blobs that only the sweep of the last day or of the last seven days found, in a time that had been listed and delivered whole before."}
	metricDuplicates = Metric{Name: "duplicates_total", Type: CounterType, Labels: perStream,
		Help: "Records dropped because they were delivered before: the same Id in the same tenant, and the same content."}
	metricConflicts = Metric{Name: "id_conflicts_total", Type: CounterType, Labels: perStream,
		Help: "Records delivered although another record had their Id, since their content is another. In DLP.All that is usual."}
	metricOversized = Metric{Name: "oversized_total", Type: CounterType, Labels: perStream,
		Help: "Records larger than record_max, of which only the first fields were delivered, with the field o365_record_too_large."}
	metricMalformed = Metric{Name: "malformed_total", Type: CounterType, Labels: perStream,
		Help: "Elements of content blobs that are no usable records."}
	metricGaps = Metric{Name: "gaps_total", Type: CounterType, Labels: perStream,
		Help: "Spans of time and content blobs that could not be had any more."}
	metricGapSeconds = Metric{Name: "gap_seconds_total", Type: CounterType, Labels: perStream,
		Help: "Length of these spans, by contentCreated; a blob counts one second."}
	metricRetries = Metric{Name: "retries_total", Type: CounterType, Labels: perStream,
		Help: "Listings, downloads and subscription starts that failed and are tried again, without those that were throttled."}
	metricPending = Metric{Name: "pending_blobs", Type: GaugeType, Labels: perStream,
		Help: "Content blobs that are listed and not delivered yet."}
	metricQueue = Metric{Name: "queue_bytes", Type: GaugeType, Labels: perStream,
		Help: "MessagePack bytes of records that wait for Fluent Bit or are not confirmed by it yet."}
	metricComplete = Metric{Name: "complete_timestamp_seconds", Type: GaugeType, Labels: perStream,
		Help: "Unix time up to which all content that Microsoft has listed is delivered or reported as lost, by contentCreated; at first the time from which on content is collected, at most 7 days ago. It moves on when there is no new content, too."}
	metricLag = Metric{Name: "lag_seconds", Type: GaugeType, Labels: perStream,
		Help: "Now minus complete_timestamp_seconds, by Microsoft's clock. A stream without new content has no lag."}
	metricListed = Metric{Name: "listed_timestamp_seconds", Type: GaugeType, Labels: perStream,
		Help: "Unix time up to which the newest content is listed, by contentCreated; 0 before the first listing."}
	metricNewest = Metric{Name: "newest_content_timestamp_seconds", Type: GaugeType, Labels: perStream,
		Help: "Unix time of contentCreated of the newest content blob delivered since the start; 0 for none. It stands still when there is no new content."}
	metricLastSuccess = Metric{Name: "last_success_timestamp_seconds", Type: GaugeType, Labels: perStream,
		Help: "Unix time of the last listing that went well; 0 for none since the start."}
	metricEventLag = Metric{Name: "event_lag_seconds", Type: HistogramType, Labels: perStream,
		Help: "Time from a record's CreationTime until Fluent Bit has stored it; records without a usable CreationTime are left out."}
	metricRequests = Metric{Name: "requests_total", Type: CounterType, Labels: []string{"tenant", "operation", "code"},
		Help: "Requests by operation (subscriptions, start, list, download, token) and by how they were answered: Microsoft's AF code or the HTTP status where it is counted by itself, else 4xx or 5xx; without an answer timeout, dns, tls or network. A token is one login, with any retry of it."}
	metricThrottled = Metric{Name: "throttled_total", Type: CounterType, Labels: perTenant,
		Help: "Requests that Microsoft refused because there were too many."}
	metricRequestsPerMinute = Metric{Name: "requests_per_minute", Type: GaugeType, Labels: perTenant,
		Help: "Requests a minute that the plugin allows itself at present, up to the option."}
	metricTokenExpiry = Metric{Name: "token_expiry_timestamp_seconds", Type: GaugeType, Labels: perTenant,
		Help: "Unix time when the present access token ends; 0 while there is none. It is renewed before."}
	metricCredentialExpiry = Metric{Name: "credential_expiry_timestamp_seconds", Type: GaugeType, Labels: perTenant,
		Help: "Unix time when the certificate ends that logs in; not there for other ways to log in."}
	metricSkew = Metric{Name: "clock_skew_seconds", Type: GaugeType, Labels: perTenant,
		Help: "Microsoft's clock minus that of this machine; differences below two seconds are 0."}
)

// declared holds all of them in the order in which they are shown.
var declared = []*Metric{
	&metricUp, &metricLag, &metricComplete, &metricListed, &metricNewest, &metricLastSuccess, &metricEventLag,
	&metricRecords, &metricBytes, &metricDuplicates, &metricConflicts, &metricOversized, &metricMalformed,
	&metricBlobs, &metricLate, &metricPending, &metricQueue,
	&metricGaps, &metricGapSeconds, &metricRetries,
	&metricRequests, &metricThrottled, &metricRequestsPerMinute,
	&metricTokenExpiry, &metricCredentialExpiry, &metricSkew,
}

// Declared lists the metrics.
func Declared() []*Metric { return declared }
