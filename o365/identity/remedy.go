package identity

// remedies say what to do about the refusals that people meet.
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var remedies = map[int]string{
	53003:   blocked,
	530032:  blocked,
	53005:   blocked,
	70021:   federation,
	90002:   "check tenant_id and cloud",
	500011:  "check cloud and endpoint, and that the app has a permission of Office 365 Management APIs in this tenant",
	500014:  "enable the sign-in of Office 365 Management APIs in Entra ID, Enterprise applications",
	700016:  "check client_id and tenant_id; a multi-tenant app needs an administrator's consent in every tenant",
	700024:  "set this machine's clock; with a federated token, check that its file is renewed",
	700027:  "upload the certificate to the app registration",
	700038:  "check client_id",
	700211:  federation,
	700212:  federation,
	700213:  federation,
	900023:  "check tenant_id",
	7000112: "enable the app's sign-in in Entra ID, Enterprise applications",
	7000215: "client_secret wants the secret's Value, not its Secret ID",
	7000222: "make a new client secret for the app and put its Value into client_secret or client_secret_file",
	7000229: "an administrator of this tenant has to consent to the app",
	7002137: federation,
	7002138: federation,
}

const (
	blocked    = "a Conditional Access policy keeps this app or this address out: let it in"
	federation = "issuer, subject and audience of the app's federated credential must equal those of the token in AZURE_FEDERATED_TOKEN_FILE, in upper and lower case too"
)

// transient refusals pass without anybody doing anything.
var transient = map[int]bool{
	90033: true, // a transient error has occurred
	90024: true, // request budget exceeded
	50196: true, // the same client asked too often
}
