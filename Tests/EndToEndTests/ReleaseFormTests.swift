import Foundation
import TestSupport
import Testing

/// The forms in which `mailreeve quarantine release` sends a message.
@Suite struct ReleaseFormTests {
    /// A report is no release, and another program reads it as RFC 5965 has it.
    @Test func reportOnAbuse() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try QuarantineStage.stage()
            let config = gateway.configurationFile
            for wrong in [
                ["--report"], ["--report", "--attach", "--to", "a@b"], ["--report", "--learn", "--to", "a@b"],
            ] {
                let arguments = ["quarantine", "release", "--config", config, "--force"] + wrong + [id]
                #expect(try runTool(Programs.path("mailreeve"), arguments).status == 64, "\(wrong)")
            }
            let result = try mailreeve(
                "quarantine", "release", "--config", config, "--force", "--report", "--to", "abuse@example.org", id)
            #expect(result.status == 0 && result.lines.count == 1, "\(result)")
            let delivery = try #require(hop.deliveries.first)
            #expect(delivery.recipients == ["abuse@example.org"] && delivery.mail.hasPrefix("FROM:<>"))
            let program = """
                import email, email.policy, sys
                message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.SMTP)
                assert message.get_content_type() == "multipart/report", message.get_content_type()
                assert message.get_param("report-type") == "feedback-report"
                note, report, original = message.get_payload()
                assert not message.defects and not original.defects, (message.defects, original.defects)
                assert report.get_content_type() == "message/feedback-report"
                fields = email.message_from_string(str(report.get_payload()[0]))
                assert fields["Feedback-Type"] == "virus" and fields["Version"] == "1", fields
                assert fields["Original-Mail-From"] == "<sender@example.org>" and fields["Source-IP"] == "127.0.0.1", fields
                assert fields.get_all("Original-Rcpt-To") == ["<a@example.net>", "<b@example.net>"], fields
                assert original.get_content_type() == "message/rfc822"
                """
            let read = try runTool("python3", ["-c", program], input: delivery.content)
            #expect(read.status == 0, "\(read)")
            #expect(try mailreeve("quarantine", "list", "--released", "--config", config).output.isEmpty)
            try gateway.log.wait(
                for: ") Quarantined message reported: \(id) <sender@example.org> -> <abuse@example.org>, ")
        }
    }

    @Test func releaseAsAttachment() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try QuarantineStage.stage()
            let result = try mailreeve(
                "quarantine", "release", "--config", gateway.configurationFile, "--force", "--attach", "--to",
                "admin@example.net", "--to", "other@example.net", id)
            #expect(result.status == 0 && result.lines.count == 2, "\(result)")
            let delivery = try #require(hop.deliveries.first)
            #expect(delivery.recipients == ["admin@example.net", "other@example.net"])
            #expect(delivery.mail.hasPrefix("FROM:<>"))
            // Another program's reading of it: a note, and the message as it was.
            let program = """
                import email, email.policy, sys
                message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.SMTP)
                note, carrier = message.get_payload()
                assert not message.defects and not carrier.defects, (message.defects, carrier.defects)
                assert note.get_content_type() == "text/plain" and "Eicar" in note.get_content(), note
                assert carrier.get_content_type() == "message/rfc822", carrier.get_content_type()
                sys.stdout.buffer.write(carrier.get_payload(0).as_bytes())
                """
            let inner = try runTool("python3", ["-c", program], input: delivery.content)
            let original = try Samples.sample("eicar-attached")
            #expect(inner.status == 0 && inner.output.count > original.count / 2, "\(inner)")
            let text = String(decoding: delivery.content, as: UTF8.self)
            #expect(text.contains(String(decoding: original, as: UTF8.self)))
            // Learning it learns the message within, which nobody else's mail can ask for.
            let scratch = try Scratch(.disk)
            let learn = ["learn", "--config", gateway.configurationFile, "--spam", "--file"]
            let message = String(decoding: original, as: UTF8.self)
            for (name, mail, count) in [
                ("released", text, 1), ("original", message, 0),
                ("forged", text.replacing("mailreeve-", with: "mailreeve-x"), 1),
            ] {
                let learnt = try runTool(Programs.path("mailreeve"), learn + [try scratch.write(name, mail)])
                #expect(learnt.lines.first?.hasPrefix("Learned tokens from \(count) ") == true, "\(name): \(learnt)")
            }
        }
    }

    /// As text: another program opens nothing in it, and its octets are those that were kept.
    @Test func releaseAsText() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try QuarantineStage.stage()
            let result = try mailreeve(
                "quarantine", "release", "--config", gateway.configurationFile, "--force", "--plain", id)
            #expect(result.status == 0 && result.lines.count == 2, "\(result)")
            let delivery = try #require(hop.deliveries.first)
            #expect(delivery.recipients == ["a@example.net", "b@example.net"] && delivery.mail.hasPrefix("FROM:<>"))
            let program = """
                import email, email.policy, sys
                message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.SMTP)
                note, shown = message.get_payload()
                assert [p.get_content_type() for p in message.walk()] == ["multipart/mixed", "text/plain", "text/plain"]
                assert "Eicar" in note.get_content(), note
                assert shown.get_content_disposition() == "inline" and not message.defects
                sys.stdout.buffer.write(shown.get_payload(decode=True))
                """
            let inner = try runTool("python3", ["-c", program], input: delivery.content)
            let original = try Samples.sample("eicar-attached")
            #expect(inner.status == 0, "\(inner)")
            #expect(
                String(decoding: delivery.content, as: UTF8.self).contains(String(decoding: original, as: UTF8.self)))
            let shown = inner.output.filter { $0 != 0x0D }
            #expect(shown.starts(with: original.filter { $0 != 0x0D }), "\(inner)")
            for other in ["--attach", "--report"] {
                let both = try mailreeve(
                    "quarantine", "release", "--config", gateway.configurationFile, "--plain", other, id)
                #expect(both.status != 0 && both.errorText.contains("exclude each other"), "\(both)")
            }
        }
    }
}
