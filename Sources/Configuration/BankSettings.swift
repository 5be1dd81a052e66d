internal import Checks
internal import MailModel

extension Settings {
    /// A policy bank: keys of a policy that hold for the mail that meets all of its conditions. A condition that is not given
    /// holds for all mail.
    package struct Bank: Sendable, Equatable {
        /// As logs and `config explain` show it; MYNETS and the like.
        package var name = ""
        /// Listeners that the mail came in by.
        package var listeners: [ListenAddress] = []
        /// Where the mail comes from: the address that XFORWARD names, else the connection's.
        package var clients = ClientList()
        /// The reverse-path.
        package var senders = AddressList()
        /// The author, where his domain has signed the mail.
        package var authors = AddressList()
        /// Whether the original client had authenticated; nil: either.
        package var authenticated: Bool?
        /// Parts of names of viruses, one of which is in every name that was found; it then holds for what is done with the message.
        package var viruses: [String] = []
        package var overlay = PolicyOverlay()
        package init() {}
    }

    /// Keys of a policy for some recipients.
    package struct RecipientSettings: Sendable, Equatable {
        package var match = AddressList()
        package var overlay = PolicyOverlay()
        package init() {}
    }
}

private typealias BankKey = SchemaKey<Settings.Bank>
private typealias RecipientKey = SchemaKey<Settings.RecipientSettings>

/// The sentence for `banks`.
let banksDoc = """
    Policy banks: keys of a policy that are laid over the listener's, in the order of the list, for mail that meets all \
    conditions of a bank. Besides its conditions a bank may have every key of a policy but next_hops, next_hop_tls and virus_destinies.
    """
/// The keys of one bank.
let bankSchema = Schema<Settings.Bank>(
    keys: [
        BankKey("name", \.name, .policyName, "Name of the bank for logs, such as MYNETS."),
        BankKey(
            "listeners", \.listeners, ValueType<ListenAddress>.listenAddress.list(of: "listeners", allowEmpty: true),
            "Addresses of the listeners that it holds for; none: all."),
        BankKey(
            "clients", \.clients, .clients,
            "Clients that it holds for, by the address that XFORWARD names, else the connection's; none: all."),
        BankKey(
            "senders", \.senders, .addresses, "Reverse-paths that it holds for; none: all. Anybody can write them."),
        BankKey(
            "authors", \.authors, .addresses,
            "Authors (From) that it holds for where their domain has signed the mail, as our MTA's Authentication-Results say; none: all."
        ),
        BankKey(
            "authenticated", \.authenticated, ValueType<Bool>.flag.orNull(meaning: "either"),
            "Whether the client had authenticated with the MTA, as the top Received field or XFORWARD say."),
        BankKey(
            "viruses", \.viruses, ValueType<String>.virusPart.list(of: "parts of names", allowEmpty: true),
            "Infected mail that it holds for: each of its viruses has one of these in its name, whatever the case; none: all mail."
        ),
    ] + overlaySchema.keys.map { $0.within(\.overlay) }, sections: overlaySchema.sections,
    elsewhere: overlaySchema.elsewhere)

/// The sentence for `recipients`.
let recipientsDoc = """
    Keys of a policy for some recipients, laid over the listener's policy and the banks. Of each key the value counts whose \
    match is the most specific one for the recipient, in amavis's order. An entry may have every key of a policy but \
    next_hops, next_hop_tls and virus_destinies.
    """
/// The keys of one entry of `recipients`.
let recipientSchema = Schema<Settings.RecipientSettings>(
    keys: [
        RecipientKey("match", \.match, .addresses, "The recipients.")
    ] + overlaySchema.keys.map { $0.within(\.overlay) }, sections: overlaySchema.sections,
    elsewhere: overlaySchema.elsewhere)

/// Keys of the whole file that say who is who.
let addressKeys: [SchemaKey<Settings>] = [
    SchemaKey(
        "local_domains", \.localDomains,
        ValueType<AddressList>.addresses.orNull(meaning: "all, unless the mail is originating"),
        "Recipients that are ours (amavis: local_domains_maps): they get the spam fields, and decide what the log calls Inbound."
    ),
    SchemaKey(
        "authserv_ids", \.authservIDs, ValueType<String>.name.list(of: "names", allowEmpty: true),
        "Names (authserv-id, RFC 8601) whose results about authors are believed; none: the host that our MTA's Received names."
    ),
    SchemaKey(
        "recipient_delimiter", \.recipientDelimiter, .delimiters,
        "What separates a mailbox from its extension (user+spam@example.com), one character or several; Postfix's of that name."
    ),
    SchemaKey(
        "recipient_tables", \.recipientTables,
        ValueType<LookupName>.lookupTable.list(of: "tables", allowEmpty: true),
        "Tables of settings for recipients, asked after recipients: values are words such as spam=discard levels.kill=12."
    ),
]
