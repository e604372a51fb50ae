package identity

// meaning is an error code of Entra in plain words, and what to do about it.
type meaning struct{ what, remedy string }

// meanings has the error codes (AADSTS) that are seen in practice.
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var meanings = map[int]meaning{
	16000:   {"no account is logged in", azLogin},
	50020:   {"the user does not belong to this tenant", "check tenant_id, or log in as a user of the tenant"},
	50034:   {"the tenant has no such user", "check tenant_id, or log in as a user of the tenant"},
	50053:   {"the account is locked, or the address is blocked after too many failed logins", "wait, then log in again"},
	50055:   {"the user's password has expired", azLogin},
	50057:   {"the user's account is disabled", "enable it, or log in as another user"},
	50059:   {"the tenant is not named", "check tenant_id"},
	50076:   {"the login requires a second factor", azLogin},
	50078:   {"the second factor has expired", azLogin},
	50079:   {"the user has to register a second factor", azLogin},
	50105:   {"the user or app is not assigned to the application", "assign it in Entra ID, Enterprise applications, Users and groups"},
	50173:   {"the login was revoked, for example by a new password", azLogin},
	53000:   {"the machine does not comply with a Conditional Access policy", blocked},
	53003:   {"a Conditional Access policy refuses the login", blocked},
	53005:   {"a Conditional Access policy refuses the login", blocked},
	65001:   {"nobody has consented to the app", consent},
	70003:   {"the login service does not know this way of logging in", "check authority_host"},
	70011:   {"the login service does not know the API", "check cloud and endpoint"},
	70021:   {"the federated credential does not match", federation},
	70043:   {"the login has expired", azLogin},
	90002:   {"there is no such tenant in this cloud", "check tenant_id and cloud"},
	90033:   {"the login service has a temporary failure", later},
	90024:   {"the login service is overloaded", later},
	90094:   {"an administrator has to consent to the app", consent},
	50196:   {"the login service throttles the requests for tokens", later},
	500011:  {"the tenant does not know the API", "check cloud and endpoint, and that the app has a permission of Office 365 Management APIs in this tenant"},
	500014:  {"Microsoft's API is disabled in the tenant", "enable the sign-in of Office 365 Management APIs in Entra ID, Enterprise applications"},
	530032:  {"a security policy of the tenant refuses the login", blocked},
	530035:  {"a security policy of the tenant refuses the login", blocked},
	700016:  {"the tenant does not know the app", "check client_id and tenant_id; a multi-tenant app needs an administrator's consent in every tenant"},
	700024:  {"the assertion of the login is too old or too new", "set this machine's clock; with a federated token, check that its file is renewed"},
	700025:  {"the app is registered as a public client, which has no secret", "register it as a web application or a daemon"},
	700027:  {"the app does not know the certificate", "upload the certificate to the app registration"},
	700030:  {"the certificate's issuer or subject is not one the app trusts", "upload the certificate to the app registration"},
	700038:  {"client_id is no application", "check client_id"},
	700082:  {"the login has expired because it was not used", azLogin},
	700211:  {"the federated credential's issuer does not match", federation},
	700212:  {"the federated credential's audience does not match", federation},
	700213:  {"the federated credential's subject does not match", federation},
	900023:  {"tenant_id is no tenant", "check tenant_id"},
	7000112: {"the app is disabled in the tenant", "enable the app's sign-in in Entra ID, Enterprise applications"},
	7000215: {"the client secret is wrong", "client_secret wants the secret's Value, not its Secret ID"},
	7000216: {"the login has no secret and no certificate", "set client_secret_file or certificate_file"},
	7000218: {"the login has no secret and no certificate", "set client_secret_file or certificate_file"},
	7000222: {"the client secret has expired", "make a new client secret for the app and put its Value into client_secret or client_secret_file"},
	7000229: {"the app is not installed in the tenant", "an administrator of this tenant has to consent to the app"},
	7002137: {"the federated credential does not match", federation},
	7002138: {"the federated credential does not match", federation},
}

const (
	blocked    = "a Conditional Access policy blocks this app or this address: exclude it from the policy"
	federation = "issuer, subject and audience of the app's federated credential must equal those of the token in AZURE_FEDERATED_TOKEN_FILE, in upper and lower case too"
	consent    = "grant admin consent in Entra ID, App registrations, API permissions"
	azLogin    = "run az login as the user that Fluent Bit runs as"
	later      = "nothing to do: the plugin retries"
)

// transient has the error codes that a retry solves.
var transient = map[int]bool{
	90033: true, // a transient error has occurred
	90024: true, // request budget exceeded
	50196: true, // the same client asked too often
}
