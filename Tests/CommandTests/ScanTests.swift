import MailModel
import SMTP
import Testing

@testable import Gateway

/// What `scan` notes of a file that did not come in by SMTP.
@Suite struct ScanTests {
    @Test func lineEndsAreNotedAsTheFrontDoorNotesThem() {
        let pieces = ["a", "\r", "\n", "\r\n", "\0", "ü"]
        for number in 0..<1296 {
            var text = ""
            var rest = number
            for _ in 0..<4 {
                text += pieces[rest % 6]
                rest /= 6
            }
            let bytes = Array((text + "x\r\n").utf8)
            var decoder = DataDecoder(maximumSize: 100, lineEndings: .normalize)
            var decoded: [UInt8] = []
            _ = decoder.decode((bytes + Array(".\r\n".utf8)).span, into: &decoded)
            let found = IntakeFacts(stored: bytes.span)
            #expect(found.bareCR.count == decoder.facts.bareCR.count, "\(bytes)")
            #expect(found.bareLF.count == decoder.facts.bareLF.count, "\(bytes)")
            #expect(found.nul.count == decoder.facts.nul.count, "\(bytes)")
            #expect(found.hasEightBit == decoder.facts.hasEightBit)
            #expect(found.octets == bytes.count)
        }
    }

    @Test func aLastCRStandsAlone() {
        #expect(IntakeFacts(stored: Array("a\r".utf8).span).bareCR == Occurrences(count: 1, firstOffset: 1))
    }
}
