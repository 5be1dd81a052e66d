import Foundation
import InspectionLink
import MailModel
import TestSupport
import Testing

@testable import Inspector

/// Partitions that overlap are seen in a disk that our own reader has opened as a whole, too.
@Suite struct PartitionAlertTests {
    /// A master boot record with two Linux partitions: their first sectors and their lengths.
    private static func disk(_ partitions: [(first: UInt32, count: UInt32)]) -> [UInt8] {
        var image = [UInt8](repeating: 0, count: 512 * 400)
        func put(_ value: UInt32, at place: Int) {
            for index in 0..<4 { image[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
        }
        for (index, partition) in partitions.enumerated() {
            let entry = 446 + 16 * index
            if index == 0 { image[entry] = 0x80 }
            image[entry + 4] = 0x83
            put(partition.first, at: entry + 8)
            put(partition.count, at: entry + 12)
        }
        image[510...511] = [0x55, 0xAA]
        return image
    }

    private static func mail(_ content: [UInt8]) -> [UInt8] {
        let head =
            "From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
            + "Content-Transfer-Encoding: base64\r\n\r\n"
        let body = Data(content).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn])
        return Array((head + body + "\r\n").utf8)
    }

    @Test func disksThatAreOpenedHere() throws {
        let apart = Self.disk([(1, 100), (101, 100)])
        let overlapping = Self.disk([(1, 200), (50, 100)])
        for isWanted in [false, true] {
            let gateway = try TestGateway()
            var settings = gateway.settings()
            settings.clamav?.options = isWanted ? [.standard, .alertPartitions] : .standard
            try gateway.configure(settings)
            let worker = try gateway.fork(1)
            for disk in [apart, overlapping] {
                let report = try gateway.report(on: Self.mail(disk), by: worker)
                #expect(report.unchecked.isEmpty, "\(report.unchecked)")
                // The spelling is libclamav's.
                #expect(
                    report.viruses.map(\.name)
                        == (isWanted && disk == overlapping ? ["Heuristics.MBRPartitionnIntersect"] : []))
            }
        }
    }
}
