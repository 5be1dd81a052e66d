import MailModel
import TestSupport
import Testing

@testable import Gateway

/// The mark on a message that goes back to a listener.
@Suite struct RequeueMarkTests {
    private static let digest = [UInt8](repeating: 7, count: 32)

    private static func value(_ field: [UInt8]) -> ArraySlice<UInt8> {
        field.dropFirst("X-Mailreeve-Release:".utf8.count)
    }

    private static func client(_ address: String, _ forwarded: [UInt8]?, _ proto: String?) -> ClientFacts {
        var client = ClientFacts(address: address)
        if forwarded != nil || proto != nil {
            client.forwarded = ForwardedClient()
            client.forwarded?.address = forwarded
            client.forwarded?.proto = proto.map { Array($0.utf8) }
        }
        return client
    }

    /// What XFORWARD said may be anything: no client turns into another on the way.
    @Test(
        arguments: [
            ("127.0.0.2", nil, nil), ("unix", Array("203.0.113.66".utf8), "ESMTPSA"), ("2001:db8::1", nil, "SMTP"),
            ("unknown", Array("IPV6:2001:db8::1".utf8), nil), ("", nil, nil),
            ("10.0.0.1", Array("a;h=0=b c\r\n\tx: y+3B".utf8) + [0, 0xFF], "=;="),
            ("10.0.0.1", [UInt8](repeating: 0x3D, count: 255), "x"),
        ] as [(String, [UInt8]?, String?)])
    func clientsComeThrough(_ address: String, _ forwarded: [UInt8]?, _ proto: String?) throws {
        let (directory, elsewhere) = (try Scratch(.memory), try Scratch(.memory))
        let key = try ReleaseKey(directory.path)
        let client = Self.client(address, forwarded, proto)
        let mark = RequeueMark(key, id: "AbCd", client: client, time: 1000, digest: Self.digest)
        #expect(mark.field.suffix(2) == [0x0D, 0x0A])
        #expect(mark.field.split(separator: 0x0A).allSatisfy { $0.count < 998 })
        let read = try #require(RequeueMark(value: Self.value(mark.field)))
        #expect(read.client == client && read.id == "AbCd" && read.expiry == 1600)
        #expect(read.holds(key, digest: Self.digest))
        #expect(!read.holds(key, digest: Self.digest.dropLast() + [8]))
        #expect(!read.holds(try ReleaseKey(elsewhere.path), digest: Self.digest))
        // It releases nothing.
        #expect(ReleaseMark(value: Self.value(mark.field)) == nil)
    }

    /// With any octet changed it is no mark, or does not hold.
    @Test func changedMarks() throws {
        let directory = try Scratch(.memory)
        let key = try ReleaseKey(directory.path)
        let client = Self.client("127.0.0.2", Array("203.0.113.66".utf8), "ESMTP")
        let mark = RequeueMark(key, id: "AbCd", client: client, time: 1000, digest: Self.digest)
        let whole = Array(Self.value(mark.field).filter { $0 > 0x20 })
        for index in whole.indices {
            var changed = whole
            changed[index] ^= 1
            let read = RequeueMark(value: changed[...])
            #expect(read?.holds(key, digest: Self.digest) != true, "\(String(decoding: changed, as: UTF8.self))")
            let cut = RequeueMark(value: whole[..<index])
            #expect(cut?.holds(key, digest: Self.digest) != true)
        }
        let release = ReleaseMark(key, id: "AbCd", expiry: 5, digest: Self.digest, recipients: [MailPath("r@x")])
        #expect(RequeueMark(value: Self.value(release.field)) == nil)
    }

    @Test(arguments: [
        "", ";;;", "t=;q=;c=;h=", "t=1;q=Ab;c=a=b;h=0", "t=1;q=Ab;c=a=b=c=d;h=0", "t=1;q=../x;c=a=b=c;h=0",
        "t=1;q=Ab;c=+Zz=b=c;h=0", "t=1;q=Ab;c=+FF=b=c;h=0", "t=99999999999999999999;q=Ab;c=a=b=c;h=0",
        "q=Ab;t=1;c=a=b=c;h=0", "t=1;q=Ab;c=a=b=c;h=0;x",
    ])
    func nonsense(_ text: String) {
        #expect(RequeueMark(value: Array(text.utf8)[...]) == nil)
    }
}
