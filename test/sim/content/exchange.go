package content

// exchange writes a record of Exchange Online: an administrator's command or
// something done in a mailbox.
func (g *Generator) exchange(e event) {
	switch n := g.IntN(10); {
	case n < 3:
		g.command(e)
	case n < 7:
		g.mailbox(e)
	default:
		g.accessed(e)
	}
}

var commands = []string{"Set-Mailbox", "New-InboxRule", "Set-InboxRule", "Add-MailboxPermission", "Set-TransportRule", "Enable-AddressListPaging", "Set-ConditionalAccessPolicy"}

func (g *Generator) command(e event) {
	g.common(e, pick(g, commands), 1, "Exchange")
	target := pick(g, users)
	g.str("ObjectId", `EURPR01A001.PROD.OUTLOOK.COM\/Microsoft Exchange Hosted Organizations\/contoso.onmicrosoft.com\/`, target.id)
	g.str("AppPoolName", "MSExchangeAdminApiNetCore")
	g.guid("CorrelationID")
	g.external()
	g.str("OrganizationName", "contoso.onmicrosoft.com")
	g.str("OriginatingServer", `AM0PR01MB4321 (15.20.7762.020)\r\n`)
	if g.one(50) {
		g.str("Parameters", `-Identity \"`, target.mail, `\" -DeliverToMailboxAndForward $false`)
	} else {
		g.arr("Parameters")
		g.pair("Identity", target.mail)
		for range 1 + g.IntN(9) {
			g.parameter()
		}
		g.end(']')
	}
	g.str("SessionId", "")
	if g.one(20) {
		g.raw("ExceptionInfo", `{"Type":"ManagementObjectNotFoundException","Code":-2146233088,"Inner":null}`)
	} else if g.one(20) {
		g.str("ExceptionInfo", "")
	}
	g.end('}')
}

// external is a bool in most records and a string in some.
func (g *Generator) external() {
	if g.one(30) {
		g.str("ExternalAccess", "False")
		return
	}
	g.flag("ExternalAccess", g.one(5))
}

func (g *Generator) parameter() {
	switch g.IntN(8) {
	case 0:
		g.pair("ForwardingSmtpAddress", "smtp:"+pick(g, users).mail)
	case 1:
		g.pair("DeliverToMailboxAndForward", "False")
	case 2:
		g.pair("Name", pick(g, []string{".", "..", "R\\u00e8gle n\\u00b0 1", "Delete and Forward Rule", "\\u0011", " "}))
	case 3:
		g.pair("SubjectOrBodyContainsWords", "invoice;payment;Überweisung;\\u200b")
	case 4:
		g.pair("MoveToFolder", `RSS Feeds\\Archive`)
	case 5:
		g.open('{')
		g.str("Name", "Description")
		g.key("Value")
		g.b = append(g.b, '"')
		g.sentence(12 + g.IntN(40))
		g.b = append(g.b, '"')
		g.end('}')
	case 6:
		g.pair("", "")
	default:
		g.pair("StopProcessingRules", "True")
	}
}

// owner writes the members of mailbox records about mailbox and client.
func (g *Generator) owner(e event) {
	g.raw("ClientIPAddress", orEmpty(e.user.ip))
	g.str("ClientInfoString", `Client=OWA;Action=ViaProxy;`, e.user.agent)
	g.external()
	g.num("InternalLogonType", 0)
	g.num("LogonType", int64(g.IntN(3)))
	g.str("LogonUserSid", "S-1-5-21-2050000000-100000000-300000000-", e.user.puid[4:8])
	g.str("MailboxGuid", e.user.id)
	g.str("MailboxOwnerUPN", e.user.mail)
	g.str("OrganizationName", "contoso.onmicrosoft.com")
	g.str("OriginatingServer", `DB7PR01MB1234 (15.20.4200.000)\r\n`)
}

func orEmpty(ip string) string {
	if ip == "absent" {
		return `""`
	}
	return ip
}

func (g *Generator) mailbox(e event) {
	g.common(e, pick(g, []string{"Create", "Send", "MoveToDeletedItems", "SoftDelete", "HardDelete", "Update"}), pick(g, []int64{2, 2, 3}), "Exchange")
	g.owner(e)
	g.arr("AffectedItems")
	for range 1 + g.IntN(2) {
		g.message()
	}
	g.end(']')
	g.flag("CrossMailboxOperation", false)
	g.folder("Folder", pick(g, []string{`\\Inbox`, `\\Gelöschte Elemente`, `\\Sent Items`}))
	if g.one(40) {
		g.raw("OperationCount", `"1e9"`)
	}
	g.end('}')
}

func (g *Generator) message() {
	g.open('{')
	g.str("Attachments", pick(g, files), " (", "30720b); ", pick(g, files))
	g.token("Id", 120)
	g.key("InternetMessageId")
	g.b = append(g.b, `"<`...)
	g.chars(30)
	g.b = append(g.b, `@AM0PR01MB4321.eurprd01.prod.exchangelabs.com>"`...)
	g.folder("ParentFolder", `\\Inbox`)
	g.key("Subject")
	g.b = append(g.b, '"')
	g.sentence(2 + g.IntN(7))
	g.b = append(g.b, '"')
	g.num("SizeInBytes", g.Int64N(1<<22))
	g.end('}')
}

// fill makes a record longer, as those are that name many messages.
func (g *Generator) fill(size int) {
	if len(g.b)+messageSize > size {
		return
	}
	g.b = g.b[:len(g.b)-1]
	g.arr("MoreItems")
	for len(g.b)+messageSize <= size {
		g.message()
	}
	g.end(']')
	g.end('}')
}

// messageSize is what message writes, in bytes, about.
const messageSize = 500

func (g *Generator) folder(key, path string) {
	g.obj(key)
	g.token("Id", 60)
	g.str("Path", path)
	g.end('}')
}

// accessed is MailItemsAccessed, the deepest and most frequent of them.
func (g *Generator) accessed(e event) {
	g.common(e, "MailItemsAccessed", 50, "Exchange")
	g.obj("AppAccessContext")
	g.guid("AADSessionId")
	g.guid("APIId")
	g.str("ClientAppId", "")
	g.guid("UniqueTokenId")
	g.time("IssuedAtTime", e.created, "")
	g.end('}')
	g.owner(e)
	g.arr("OperationProperties")
	g.pair("MailAccessType", pick(g, []string{"Bind", "Sync"}))
	g.pair("IsThrottled", "False")
	g.end(']')
	g.arr("Folders")
	for range 1 + g.IntN(2) {
		g.open('{')
		g.arr("FolderItems")
		for range 1 + g.IntN(3) {
			g.open('{')
			g.token("ImmutableId", 60)
			g.key("InternetMessageId")
			g.b = append(g.b, `"<`...)
			g.chars(24)
			g.b = append(g.b, `@mail.example.com>"`...)
			g.num("SizeInBytes", g.Int64N(1<<20))
			g.end('}')
		}
		g.end(']')
		g.token("Id", 40)
		g.str("Path", `\\Inbox`)
		g.end('}')
	}
	g.end(']')
	g.num("OperationCount", 1+g.Int64N(40))
	g.end('}')
}
