package cloud

// exchange writes a record of Exchange Online: an administrator's command or
// something done in a mailbox.
func (m *maker) exchange(e event) {
	switch n := m.IntN(10); {
	case n < 3:
		m.command(e)
	case n < 7:
		m.mailbox(e)
	default:
		m.accessed(e)
	}
}

var commands = []string{"Set-Mailbox", "New-InboxRule", "Set-InboxRule", "Add-MailboxPermission", "Set-TransportRule", "Enable-AddressListPaging", "Set-ConditionalAccessPolicy"}

func (m *maker) command(e event) {
	m.common(e, pick(m, commands), 1, "Exchange")
	target := pick(m, users)
	m.str("ObjectId", `EURPR01A001.PROD.OUTLOOK.COM\/Microsoft Exchange Hosted Organizations\/contoso.onmicrosoft.com\/`, target.id)
	m.str("AppPoolName", "MSExchangeAdminApiNetCore")
	m.guid("CorrelationID")
	m.external()
	m.str("OrganizationName", "contoso.onmicrosoft.com")
	m.str("OriginatingServer", `AM0PR01MB4321 (15.20.7762.020)\r\n`)
	if m.one(50) {
		m.str("Parameters", `-Identity \"`, target.mail, `\" -DeliverToMailboxAndForward $false`)
	} else {
		m.arr("Parameters")
		m.pair("Identity", target.mail)
		for range 1 + m.IntN(9) {
			m.parameter()
		}
		m.end(']')
	}
	m.str("SessionId", "")
	if m.one(20) {
		m.raw("ExceptionInfo", `{"Type":"ManagementObjectNotFoundException","Code":-2146233088,"Inner":null}`)
	} else if m.one(20) {
		m.str("ExceptionInfo", "")
	}
	m.end('}')
}

// external is a bool in most records and a string in some.
func (m *maker) external() {
	if m.one(30) {
		m.str("ExternalAccess", "False")
		return
	}
	m.flag("ExternalAccess", m.one(5))
}

func (m *maker) parameter() {
	switch m.IntN(8) {
	case 0:
		m.pair("ForwardingSmtpAddress", "smtp:"+pick(m, users).mail)
	case 1:
		m.pair("DeliverToMailboxAndForward", "False")
	case 2:
		m.pair("Name", pick(m, []string{".", "..", "R\\u00e8gle n\\u00b0 1", "Delete and Forward Rule", "\\u0011", " "}))
	case 3:
		m.pair("SubjectOrBodyContainsWords", "invoice;payment;Überweisung;\\u200b")
	case 4:
		m.pair("MoveToFolder", `RSS Feeds\\Archive`)
	case 5:
		m.open('{')
		m.str("Name", "Description")
		m.key("Value")
		m.b = append(m.b, '"')
		m.sentence(12 + m.IntN(40))
		m.b = append(m.b, '"')
		m.end('}')
	case 6:
		m.pair("", "")
	default:
		m.pair("StopProcessingRules", "True")
	}
}

// owner writes what mailbox records say about mailbox and client.
func (m *maker) owner(e event) {
	m.raw("ClientIPAddress", orEmpty(e.user.ip))
	m.str("ClientInfoString", `Client=OWA;Action=ViaProxy;`, e.user.agent)
	m.external()
	m.num("InternalLogonType", 0)
	m.num("LogonType", int64(m.IntN(3)))
	m.str("LogonUserSid", "S-1-5-21-2050000000-100000000-300000000-", e.user.puid[4:8])
	m.str("MailboxGuid", e.user.id)
	m.str("MailboxOwnerUPN", e.user.mail)
	m.str("OrganizationName", "contoso.onmicrosoft.com")
	m.str("OriginatingServer", `DB7PR01MB1234 (15.20.4200.000)\r\n`)
}

func orEmpty(ip string) string {
	if ip == "absent" {
		return `""`
	}
	return ip
}

func (m *maker) mailbox(e event) {
	m.common(e, pick(m, []string{"Create", "Send", "MoveToDeletedItems", "SoftDelete", "HardDelete", "Update"}), pick(m, []int64{2, 2, 3}), "Exchange")
	m.owner(e)
	m.arr("AffectedItems")
	for range 1 + m.IntN(2) {
		m.message()
	}
	m.end(']')
	m.flag("CrossMailboxOperation", false)
	m.folder("Folder", pick(m, []string{`\\Inbox`, `\\Gelöschte Elemente`, `\\Sent Items`}))
	if m.one(40) {
		m.raw("OperationCount", `"1e9"`)
	}
	m.end('}')
}

func (m *maker) message() {
	m.open('{')
	m.str("Attachments", pick(m, files), " (", "30720b); ", pick(m, files))
	m.token("Id", 120)
	m.key("InternetMessageId")
	m.b = append(m.b, `"<`...)
	m.chars(30)
	m.b = append(m.b, `@AM0PR01MB4321.eurprd01.prod.exchangelabs.com>"`...)
	m.folder("ParentFolder", `\\Inbox`)
	m.key("Subject")
	m.b = append(m.b, '"')
	m.sentence(2 + m.IntN(7))
	m.b = append(m.b, '"')
	m.num("SizeInBytes", m.Int64N(1<<22))
	m.end('}')
}

func (m *maker) folder(key, path string) {
	m.obj(key)
	m.token("Id", 60)
	m.str("Path", path)
	m.end('}')
}

// accessed is MailItemsAccessed, the deepest and most frequent of them.
func (m *maker) accessed(e event) {
	m.common(e, "MailItemsAccessed", 50, "Exchange")
	m.obj("AppAccessContext")
	m.guid("AADSessionId")
	m.guid("APIId")
	m.str("ClientAppId", "")
	m.guid("UniqueTokenId")
	m.time("IssuedAtTime", e.created, "")
	m.end('}')
	m.owner(e)
	m.arr("OperationProperties")
	m.pair("MailAccessType", pick(m, []string{"Bind", "Sync"}))
	m.pair("IsThrottled", "False")
	m.end(']')
	m.arr("Folders")
	for range 1 + m.IntN(2) {
		m.open('{')
		m.arr("FolderItems")
		for range 1 + m.IntN(3) {
			m.open('{')
			m.token("ImmutableId", 60)
			m.key("InternetMessageId")
			m.b = append(m.b, `"<`...)
			m.chars(24)
			m.b = append(m.b, `@mail.example.com>"`...)
			m.num("SizeInBytes", m.Int64N(1<<20))
			m.end('}')
		}
		m.end(']')
		m.token("Id", 40)
		m.str("Path", `\\Inbox`)
		m.end('}')
	}
	m.end(']')
	m.num("OperationCount", 1+m.Int64N(40))
	m.end('}')
}
