/// What Postfix has to be told so that mail goes through the gateway. Pure: no Postfix is asked.
struct PostfixPlan: Equatable {
    /// How the gateway is asked.
    enum Mode: String, CaseIterable {
        case afterQueue = "after-queue"
        case beforeQueue = "before-queue"
    }

    /// What Postfix speaks to an after-queue gateway.
    enum Transport: String, CaseIterable {
        case lmtp
        case smtp
    }

    /// A parameter, and why it is as it is.
    struct Parameter: Equatable {
        var name: String
        var value: String
        var reason: String

        init(_ name: String, _ value: String, _ reason: String) {
            self.name = name
            self.value = value
            self.reason = reason
        }
    }

    /// An entry of master.cf.
    struct Service: Equatable {
        /// Name and type: `mailreeve/unix`.
        var key: String
        /// The eight columns; nil for an entry that exists and only gets options.
        var columns: [String]?
        var reason: String
        var options: [Parameter]
    }

    var main: [Parameter] = []
    var services: [Service] = []

    /// - Parameters:
    ///   - processes: messages that Postfix hands over at one time after the queue; the gateway's workers.
    ///   - entry: name and type of the entry of master.cf that takes mail from clients.
    init(
        mode: Mode, transport: Transport, listen: ServerArgument, reinject: ServerArgument, processes: Int,
        entry: String = "smtp/inet"
    ) {
        switch mode {
        case .afterQueue: afterQueue(transport, listen, processes)
        case .beforeQueue: beforeQueue(listen, entry)
        }
        services.append(Self.reinjection(reinject))
    }

    private mutating func afterQueue(_ transport: Transport, _ listen: ServerArgument, _ processes: Int) {
        let place: String
        switch listen.place {
        case .tcp(let host, let port): place = "[\(host)]:\(port)"
        case .unix(let path): place = "unix:\(path)"
        }
        main = [
            Parameter("content_filter", "mailreeve:\(place)", "all queued mail goes to the gateway first"),
            Parameter(
                "receive_override_options", "no_address_mappings", "aliases are expanded once, when mail comes back"),
        ]
        let kind = transport.rawValue
        services.append(
            Service(
                key: "mailreeve/unix", columns: ["mailreeve", "unix", "-", "-", "n", "-", "\(processes)", kind],
                reason: "as many messages at one time as the gateway has workers",
                options: [
                    Parameter(
                        "\(kind)_data_done_timeout", "1200s",
                        "above the gateway's own limits for a message, else mail is sent twice"),
                    Parameter(
                        "\(kind)_send_xforward_command", "yes", "the gateway logs and judges the real client"),
                    Parameter("\(kind)_tls_security_level", "none", "the connection does not leave this machine"),
                    Parameter("\(kind)_generic_maps", "", "the gateway sees the addresses as they came in"),
                    Parameter(
                        "\(kind)_line_length_limit", "0", "long lines are not broken up, which would change mail"),
                ]))
    }

    private mutating func beforeQueue(_ listen: ServerArgument, _ entry: String) {
        services.append(
            Service(
                key: entry, columns: nil, reason: "clients wait for the gateway's verdict",
                options: [
                    Parameter(
                        "smtpd_proxy_filter", "\(listen)", "mail is judged before it is queued, so it can be refused"),
                    Parameter(
                        "smtpd_proxy_options", "speed_adjust", "slow clients do not hold connections to the gateway"),
                    Parameter(
                        "smtpd_proxy_timeout", "100s", "above the gateway's timeouts.before_queue, which is 90 s"),
                ]))
    }

    private static func reinjection(_ place: ServerArgument) -> Service {
        let loopback = "127.0.0.0/8,[::1]/128"
        let (key, columns): (String, [String])
        switch place.place {
        case .tcp:
            key = "\(place)/inet"
            columns = ["\(place)", "inet", "n", "-", "n", "-", "-", "smtpd"]
        case .unix(let path):
            key = "\(path)/unix"
            columns = [path, "unix", "n", "-", "n", "-", "-", "smtpd"]
        }
        return Service(
            key: key, columns: columns, reason: "mail that the gateway passed comes back here",
            options: [
                Parameter("content_filter", "", "no loop"),
                Parameter("smtpd_proxy_filter", "", "no loop"),
                Parameter("mynetworks", loopback, "the gateway is on this machine"),
                Parameter("smtpd_client_restrictions", "permit_mynetworks,reject", "nobody else may come in here"),
                Parameter("smtpd_helo_restrictions", "", "checked when the mail came in"),
                Parameter("smtpd_sender_restrictions", "", "checked when the mail came in"),
                Parameter("smtpd_relay_restrictions", "permit_mynetworks,reject", "no open relay"),
                Parameter("smtpd_recipient_restrictions", "permit_mynetworks,reject", "no open relay"),
                Parameter("smtpd_data_restrictions", "reject_unauth_pipelining", "keeps smuggled commands out"),
                Parameter("smtpd_end_of_data_restrictions", "", "checked when the mail came in"),
                Parameter("smtpd_restriction_classes", "", "checked when the mail came in"),
                Parameter("smtpd_tls_security_level", "none", "the connection does not leave this machine"),
                Parameter("local_recipient_maps", "", "recipients were checked when the mail came in"),
                Parameter("relay_recipient_maps", "", "recipients were checked when the mail came in"),
                Parameter("local_header_rewrite_clients", "", "headers of mail that was passed are not rewritten"),
                Parameter("smtpd_milters", "", "no milter sees, or signs, the mail twice"),
                Parameter(
                    "receive_override_options", "no_header_body_checks,no_unknown_recipient_checks,no_milters",
                    "no check is done twice; addresses are mapped here"),
                Parameter("smtpd_authorized_xforward_hosts", loopback, "the gateway hands the real client on"),
                Parameter("smtpd_error_sleep_time", "0", "the gateway is one busy client"),
                Parameter("smtpd_soft_error_limit", "1001", "the gateway is one busy client"),
                Parameter("smtpd_hard_error_limit", "1000", "the gateway is one busy client"),
                Parameter("smtpd_client_connection_count_limit", "0", "the gateway is one busy client"),
                Parameter("smtpd_client_connection_rate_limit", "0", "the gateway is one busy client"),
            ])
    }

    /// The lines for main.cf and master.cf, each with its reason as a comment before it. In master.cf a comment may stand
    /// between the lines of an entry.
    var text: String {
        var lines: [String] = []
        if !main.isEmpty {
            lines.append("# main.cf")
            for parameter in main { lines += ["# \(parameter.reason)", "\(parameter.name) = \(parameter.value)"] }
            lines.append("")
        }
        lines.append("# master.cf")
        for service in services {
            lines.append("# \(service.reason)")
            if let columns = service.columns {
                lines.append(columns.joined(separator: "  "))
            } else {
                let name = service.key.replacing("/", with: " ")
                lines.append("# (the entry \"\(name)\" is there already; add these lines to it)")
            }
            for option in service.options {
                lines += ["#   \(option.reason)", "  -o \(option.name)=\(option.value)"]
            }
        }
        return lines.joined(separator: "\n")
    }
}
