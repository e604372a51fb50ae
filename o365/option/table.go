package option

// The keys. None may be a property of Fluent Bit itself (flb_input.c,
// flb_input_set_property): Fluent Bit does not pass its value on.
const (
	TenantID            = "tenant_id"
	Cloud               = "cloud"
	Endpoint            = "endpoint"
	AuthorityHost       = "authority_host"
	Auth                = "auth"
	ClientID            = "client_id"
	ClientSecret        = "client_secret"
	ClientSecretFile    = "client_secret_file"
	ClientSecretURI     = "client_secret_uri"
	CertificateFile     = "certificate_file"
	CertificateURI      = "certificate_uri"
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
	UnstoredMax         = "unstored_max"
	QueueSize           = "queue_size"
	RecordMax           = "record_max"
	HealthTag           = "health_tag"
	AlertEmailTo        = "alert_email_to"
	AlertEmailFrom      = "alert_email_from"
	AlertAfter          = "alert_after"
	SMTPURL             = "smtp_url"
	SMTPPasswordFile    = "smtp_password_file"

	ArchiveURL              = "archive_url"
	ArchiveFormat           = "archive_format"
	ArchiveTier             = "archive_tier"
	ReplayURL               = "replay_url"
	ReplayFrom              = "replay_from"
	ReplayTo                = "replay_to"
	ReplayExit              = "replay_exit"
	StorageAuth             = "storage_auth"
	StorageTenantID         = "storage_tenant_id"
	StorageClientID         = "storage_client_id"
	StorageClientSecretFile = "storage_client_secret_file"
	StorageCertificateFile  = "storage_certificate_file"
	StorageKeyFile          = "storage_key_file"
	StorageSASFile          = "storage_sas_file"
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
		Help: "Base URL of the login service, if it is not the one of the cloud; it turns instance discovery off."},

	{Key: Auth, Type: oneOf("auto", "client_secret", "certificate", "workload_identity", "managed_identity", "azure_cli"),
		Default: "auto",
		Help:    "Method of logging in; auto uses the first one whose settings exist."},
	{Key: ClientID, Type: guid,
		Help: "Application (client) GUID, or that of a user-assigned managed identity; without it, managed_identity uses the system-assigned one."},
	{Key: ClientSecret, Type: text, Secret: true,
		Help: "Secret of the application; prefer client_secret_file."},
	{Key: ClientSecretFile, Type: path,
		Help: "File that holds the secret of the application, read again when it changes."},
	{Key: ClientSecretURI, Type: vaultURL,
		Help: "Key Vault secret that is the secret of the application, read with the identity of this machine, and again when the login refuses it."},
	{Key: CertificateFile, Type: path,
		Help: "PEM file (certificate and private key) or PFX file of the application, read again when it changes."},
	{Key: CertificateURI, Type: vaultCertificateURL,
		Help: "Key Vault certificate of the application, read with its key like client_secret_uri."},
	{Key: CertificatePassword, Type: text, Secret: true,
		Help: "Password of the certificate file."},

	{Key: ContentTypes, Type: listOf(oneOf("Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General", "DLP.All")),
		Default: "Audit.AzureActiveDirectory,Audit.Exchange,Audit.SharePoint,Audit.General",
		Help:    "Content types to collect; DLP.All needs the permission ActivityFeed.ReadDlp."},
	{Key: PublisherID, Type: guid,
		Help: "PublisherIdentifier sent with every request, by which Microsoft counts the request quota; without it, the tenant's GUID is sent."},
	{Key: Subscribe, Type: boolean, Default: "on",
		Help: "Start missing subscriptions."},
	{Key: Lookback, Type: duration("0s", "7d"), Default: "7d",
		Help: "How far back the first run collects."},
	{Key: PollInterval, Type: duration("10s", "24h"), Default: "1m",
		Help: "How often new content is listed."},
	{Key: RequestsPerMinute, Type: integer("1", "60000"), Default: "2000",
		Help: "Upper limit of requests per minute and tenant, shared by all inputs of the process. The plugin adapts to the tenant's quota; raise this if the quota is larger."},
	{Key: Concurrency, Type: integer("1", "64"), Default: "8",
		Help: "Parallel downloads per tenant. One is reserved for new content, and a content type without a download may always start one."},
	{Key: RequestTimeout, Type: duration("1s", "10m"), Default: "60s",
		Help: "Longest wait for an answer, and for each further part of it; an answer slower than 1 KiB per second fails too."},
	{Key: Proxy, Type: proxyURL, Secret: true,
		Help: "URL of an HTTP, HTTPS or SOCKS5 proxy; without it, HTTPS_PROXY and NO_PROXY of the environment apply."},
	{Key: CAFile, Type: path,
		Help: "PEM file with root certificates to trust besides those of the system."},

	{Key: DB, Type: path,
		Help: "State file with the checkpoint of what was delivered; without it, every start collects the whole lookback again."},
	{Key: Dedup, Type: boolean, Default: "on",
		Help: "Drop records that were delivered before: same tenant, same Id and same content."},
	{Key: DedupWindow, Type: duration("1h", "30d"), Default: "7d",
		Help: "How long the Ids of delivered records are kept."},
	{Key: DedupMax, Type: integer("1000", "100000000"), Default: "1000000",
		Help: "Largest number of Ids to keep; the oldest are dropped first."},
	{Key: TagPrefix, Type: tag,
		Help: "Emit records under PREFIX.azureactivedirectory, PREFIX.exchange, PREFIX.sharepoint, PREFIX.general and PREFIX.dlp instead of the tag of the section."},
	{Key: BatchSize, Type: size("4k", "16M"), Default: "64k",
		Help: "Largest batch of records handed to Fluent Bit, in bytes; a single larger record is a batch of its own. Fluent Bit takes 52 batches at once, fewer within 250 ms."},
	{Key: UnstoredMax, Type: size("4k", "16M"), Default: "4M",
		Help: "Largest amount of records on their way to Fluent Bit's storage, in bytes, or one batch; a kill may repeat it. A smaller one makes a backfill slower."},
	{Key: QueueSize, Type: size("64k", "4G"), Default: "16M",
		Help: "Memory for records queued for Fluent Bit, including the buffers of downloads; downloads pause while it is full."},
	{Key: RecordMax, Type: size("64k", "8M"), Default: "4M",
		Help: "Largest JSON of one record; of a larger one only the first fields are delivered, with its size in o365_record_too_large. The largest records seen so far have 177 KB."},
	{Key: HealthTag, Type: tag,
		Help: "Emit health records under this tag: state changes of a content type, gaps, and a daily completeness record."},

	{Key: AlertEmailTo, Type: listOf(email),
		Help: "Recipients of alert mail: sent when a content type has been failing for alert_after or needs action, repeated daily, and once on recovery; and when content is lost."},
	{Key: AlertEmailFrom, Type: email,
		Help: "Sender of alert mail."},
	{Key: AlertAfter, Type: duration("0s", "7d"), Default: "30m",
		Help: "How long a content type must have been failing before alert mail is sent."},
	{Key: SMTPURL, Type: smtpURL, Secret: true,
		Help: "Mail server and the user to log in as: smtp:// requires STARTTLS, unless ?starttls=off is added for a relay without a login; smtps:// uses TLS from the start."},
	{Key: SMTPPasswordFile, Type: path,
		Help: "File that holds the password of the user in smtp_url, read again when it changes."},

	{Key: ArchiveURL, Type: storageURL,
		Help: "Container of Azure Blob Storage, or a folder in it, to archive records in; a folder of this machine with file://."},
	{Key: ArchiveFormat, Type: oneOf("json", "ndjson"), Default: "json",
		Help: "Format of archived objects: json is the array of records that the service sent, ndjson has one record a line."},
	{Key: ArchiveTier, Type: oneOf("hot", "cool", "cold", "archive"),
		Help: "Access tier of archived objects in Azure; without it, that of the storage account."},
	{Key: ReplayURL, Type: storageURL,
		Help: "Archive to replay, as in archive_url: content is read from there instead of the API, without a login to it."},
	{Key: ReplayFrom, Type: moment,
		Help: "When the first content to replay became available; without it, the replay begins with the oldest."},
	{Key: ReplayTo, Type: moment,
		Help: "When the first content behind the replay became available; without it, the replay ends with the newest."},
	{Key: ReplayExit, Type: boolean, Default: "off",
		Help: "Stop Fluent Bit when everything is replayed and its outputs have taken it."},
	{Key: StorageAuth, Type: oneOf("auto", "managed_identity", "workload_identity", "client_secret", "certificate", "azure_cli", "shared_key", "sas"),
		Default: "auto",
		Help:    "Method of logging in to the storage account; auto uses the first one whose settings exist."},
	{Key: StorageTenantID, Type: guid,
		Help: "Directory (tenant) GUID of the storage account's subscription, for a client secret, a certificate or azure_cli."},
	{Key: StorageClientID, Type: guid,
		Help: "Application (client) GUID for the storage account, or that of a user-assigned managed identity; without it, managed_identity uses the system-assigned one."},
	{Key: StorageClientSecretFile, Type: path,
		Help: "File that holds the secret of that application, read again when it changes."},
	{Key: StorageCertificateFile, Type: path,
		Help: "PEM file (certificate and private key) or PFX file without a password of that application, read again when it changes."},
	{Key: StorageKeyFile, Type: path,
		Help: "File that holds an access key of the storage account, read again when it changes."},
	{Key: StorageSASFile, Type: path,
		Help: "File that holds a shared access signature for the container, read again when it changes."},
}
