import ArgumentParser
import Testing

@testable import mailreeve

/// The lines of `setup postfix`, as a whole.
@Suite struct PostfixPlanTests {
    private func plan(_ arguments: String...) throws -> PostfixPlan {
        try SetupCommand.Postfix.parse(arguments).plan(processors: 3)
    }

    /// The lines without their reasons.
    private func lines(_ plan: PostfixPlan) -> [String] {
        plan.text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }

    @Test func afterQueue() throws {
        #expect(
            try lines(plan()) == [
                "content_filter = mailreeve:[127.0.0.1]:10024", "receive_override_options = no_address_mappings",
                "mailreeve  unix  -  -  n  -  3  lmtp", "  -o lmtp_data_done_timeout=1200s",
                "  -o lmtp_send_xforward_command=yes", "  -o lmtp_tls_security_level=none", "  -o lmtp_generic_maps=",
                "  -o lmtp_line_length_limit=0", "127.0.0.1:10025  inet  n  -  n  -  -  smtpd",
            ] + reinjection)
    }

    @Test func afterQueueBySMTP() throws {
        let lines = try lines(plan("--protocol", "smtp", "--processes", "7", "--listen", "unix:/run/mailreeve/in"))
        #expect(
            lines.prefix(7) == [
                "content_filter = mailreeve:unix:/run/mailreeve/in", "receive_override_options = no_address_mappings",
                "mailreeve  unix  -  -  n  -  7  smtp", "  -o smtp_data_done_timeout=1200s",
                "  -o smtp_send_xforward_command=yes", "  -o smtp_tls_security_level=none", "  -o smtp_generic_maps=",
            ])
    }

    @Test func beforeQueue() throws {
        #expect(
            try lines(plan("--mode", "before-queue")) == [
                "  -o smtpd_proxy_filter=127.0.0.1:10026", "  -o smtpd_proxy_options=speed_adjust",
                "  -o smtpd_proxy_timeout=100s", "127.0.0.1:10027  inet  n  -  n  -  -  smtpd",
            ] + reinjection)
    }

    @Test func addressesAreThoseThatWereAskedFor() throws {
        let plan = try plan("--listen", "[::1]:1", "--reinject", "[::1]:2")
        #expect(plan.main.first?.value == "mailreeve:[::1]:1")
        #expect(plan.services.last?.key == "[::1]:2/inet")
        #expect(plan.services.last?.columns?.first == "[::1]:2")
    }

    @Test func everySettingHasAReason() throws {
        for plan in [try plan(), try plan("--mode", "before-queue")] {
            #expect(plan.main.allSatisfy { !$0.reason.isEmpty })
            for service in plan.services {
                #expect(!service.reason.isEmpty)
                #expect(service.options.allSatisfy { !$0.reason.isEmpty })
            }
        }
    }

    private let reinjection = [
        "  -o content_filter=", "  -o smtpd_proxy_filter=", "  -o mynetworks=127.0.0.0/8,[::1]/128",
        "  -o smtpd_client_restrictions=permit_mynetworks,reject", "  -o smtpd_helo_restrictions=",
        "  -o smtpd_sender_restrictions=", "  -o smtpd_relay_restrictions=permit_mynetworks,reject",
        "  -o smtpd_recipient_restrictions=permit_mynetworks,reject",
        "  -o smtpd_data_restrictions=reject_unauth_pipelining", "  -o smtpd_end_of_data_restrictions=",
        "  -o smtpd_restriction_classes=", "  -o smtpd_tls_security_level=none", "  -o local_recipient_maps=",
        "  -o relay_recipient_maps=", "  -o local_header_rewrite_clients=", "  -o smtpd_milters=",
        "  -o receive_override_options=no_header_body_checks,no_unknown_recipient_checks,no_milters",
        "  -o smtpd_authorized_xforward_hosts=127.0.0.0/8,[::1]/128", "  -o smtpd_error_sleep_time=0",
        "  -o smtpd_soft_error_limit=1001", "  -o smtpd_hard_error_limit=1000",
        "  -o smtpd_client_connection_count_limit=0", "  -o smtpd_client_connection_rate_limit=0",
    ]
}
