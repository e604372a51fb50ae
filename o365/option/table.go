package option

// The keys. None may be one that Fluent Bit keeps for itself (flb_input.c,
// flb_input_set_property): the plugin would never see its value.
const (
	TenantID            = "tenant_id"
	Cloud               = "cloud"
	Endpoint            = "endpoint"
	AuthorityHost       = "authority_host"
	Auth                = "auth"
	ClientID            = "client_id"
	ClientSecret        = "client_secret"
	ClientSecretFile    = "client_secret_file"
	CertificateFile     = "certificate_file"
	CertificatePassword = "certificate_password"
	ContentTypes        = "content_types"
	PublisherID         = "publisher_id"
	Subscribe           = "subscribe"
	Lookback            = "lookback"
	PollInterval        = "poll_interval"
	RequestsPerMinute   = "requests_per_minute"
	Concurrency         = "concurrency"
	RequestTimeout      = "request_timeout"
	Proxy               = "proxy"
	CAFile              = "ca_file"
	DB                  = "db"
	Dedup               = "dedup"
	DedupWindow         = "dedup_window"
	DedupMax            = "dedup_max"
	TagPrefix           = "tag_prefix"
	BatchSize           = "batch_size"
	QueueSize           = "queue_size"
	RecordMax           = "record_max"
	HealthTag           = "health_tag"
	AlertEmailTo        = "alert_email_to"
	AlertEmailFrom      = "alert_email_from"
	AlertAfter          = "alert_after"
	SMTPURL             = "smtp_url"
	SMTPPasswordFile    = "smtp_password_file"
)

// declared has every option. What the values of cloud and auth mean is in package
// identity, and that of content_types in source/activity: each holds one list, and
// TestValues of package o365 compares it with the one here.
var declared = []Option{
	{Key: TenantID, Type: listOf(guid), Required: true,
		Help: "Directory (tenant) GUID to collect from, or several for one multi-tenant application."},
	{Key: Cloud, Type: oneOf("enterprise", "gcc", "gcc_high", "dod"), Default: "enterprise",
		Help: "Microsoft cloud of the tenant, which decides the addresses of the API and of the login."},
	{Key: Endpoint, Type: httpsURL,
		Help: "Base URL of the Management Activity API, if it is not the one of the cloud."},
	{Key: AuthorityHost, Type: httpsURL,
		Help: "Base URL of the login, if it is not the one of the cloud; instance discovery is off then."},

	{Key: Auth, Type: oneOf("auto", "client_secret", "certificate", "workload_identity", "managed_identity", "azure_cli"),
		Default: "auto",
		Help:    "How to log in; auto takes the first method whose settings are there."},
	{Key: ClientID, Type: guid,
		Help: "Application (client) GUID, or the user-assigned managed identity; without one the system-assigned identity is meant."},
	{Key: ClientSecret, Type: text, Secret: true,
		Help: "Secret of the application; prefer client_secret_file."},
	{Key: ClientSecretFile, Type: path,
		Help: "File that holds the secret of the application, read again when it changes."},
	{Key: CertificateFile, Type: path,
		Help: "PEM file (certificate and private key) or PFX file of the application, read again when it changes."},
	{Key: CertificatePassword, Type: text, Secret: true,
		Help: "Password of the certificate file."},

	{Key: ContentTypes, Type: listOf(oneOf("Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General", "DLP.All")),
		Default: "Audit.AzureActiveDirectory,Audit.Exchange,Audit.SharePoint,Audit.General",
		Help:    "Content types to collect; DLP.All needs the permission ActivityFeed.ReadDlp."},
	{Key: PublisherID, Type: guid,
		Help: "PublisherIdentifier sent with every request, which decides whose request quota counts; without one it is the tenant's GUID."},
	{Key: Subscribe, Type: boolean, Default: "on",
		Help: "Start the subscriptions that are missing."},
	{Key: Lookback, Type: duration("0s", "7d"), Default: "7d",
		Help: "How far back the first run goes."},
	{Key: PollInterval, Type: duration("10s", "24h"), Default: "1m",
		Help: "How often new content is listed."},
	{Key: RequestsPerMinute, Type: integer("1", "60000"), Default: "2000",
		Help: "Requests per minute and tenant at most, shared by all instances of the process; how many Microsoft allows is found out. Raise it if that is more."},
	{Key: Concurrency, Type: integer("1", "64"), Default: "8",
		Help: "Downloads at the same time per tenant; one place is kept for fresh content, and a content type that has none under way may always begin one."},
	{Key: RequestTimeout, Type: duration("1s", "10m"), Default: "60s",
		Help: "Longest wait for an answer, and for each further piece of it; an answer that comes slower than 1 KiB per second fails as well."},
	{Key: Proxy, Type: proxyURL, Secret: true,
		Help: "URL of an HTTP, HTTPS or SOCKS5 proxy; without one HTTPS_PROXY and NO_PROXY of the environment count."},
	{Key: CAFile, Type: path,
		Help: "PEM file with root certificates to trust besides those of the system."},

	{Key: DB, Type: path,
		Help: "State file that remembers what was delivered; without one every start looks back again."},
	{Key: Dedup, Type: boolean, Default: "on",
		Help: "Drop a record that was delivered already: the same Id in the same tenant, and the same content."},
	{Key: DedupWindow, Type: duration("1h", "30d"), Default: "7d",
		Help: "How long the Ids of delivered records are remembered."},
	{Key: DedupMax, Type: integer("1000", "100000000"), Default: "1000000",
		Help: "How many Ids are remembered at most; the oldest go first."},
	{Key: TagPrefix, Type: tag,
		Help: "Emit records under PREFIX.azureactivedirectory, PREFIX.exchange, PREFIX.sharepoint, PREFIX.general and PREFIX.dlp instead of the tag of the section."},
	{Key: BatchSize, Type: size("4k", "16M"), Default: "1M",
		Help: "Bytes handed to Fluent Bit at once at most, unless one record is larger."},
	{Key: QueueSize, Type: size("64k", "4G"), Default: "32M",
		Help: "Memory for records that wait for Fluent Bit, buffers of downloads included; downloads wait beyond it."},
	{Key: RecordMax, Type: size("64k", "8M"), Default: "4M",
		Help: "JSON of one record at most; of a larger one only the first fields are delivered, with its size in o365_record_too_large. The largest that have been seen have 177 KB."},
	{Key: HealthTag, Type: tag,
		Help: "Emit health records under this tag: changes of a content type's state, gaps, and once a day what is complete."},

	{Key: AlertEmailTo, Type: listOf(email),
		Help: "Who gets a mail when a content type has been failing for alert_after, or degraded by what somebody has to mend; one more a day while that lasts, and one when it is over."},
	{Key: AlertEmailFrom, Type: email,
		Help: "Sender of these mails."},
	{Key: AlertAfter, Type: duration("0s", "7d"), Default: "30m",
		Help: "How long a content type must have been failing before a mail is sent."},
	{Key: SMTPURL, Type: smtpURL, Secret: true,
		Help: "Mail server with the user to log in as: smtp:// requires STARTTLS, unless ?starttls=off is added for a relay without a login, and smtps:// is TLS from the start."},
	{Key: SMTPPasswordFile, Type: path,
		Help: "File that holds the password of the user in smtp_url, read again when it changes."},
}
