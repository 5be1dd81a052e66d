internal import Bytes

/// Archives in which libarchive would run in a circle for ever, without ever asking for more or giving anything out. It
/// cannot be told to stop then, so they are not given to it.
enum LoopChecks {
    /// Continuation areas of one directory record, one behind the other; programs write two or three.
    private static let longestChain = 32
    /// Continuation entries that are looked at.
    private static let mostEntries = 262_144

    static func hasLoop(_ content: Span<UInt8>, _ format: FileType.ArchiveFormat) -> Bool {
        switch format {
        case .iso9660: hasContinuationLoop(content)
        case .xar: hasLinkLoop(content)
        default: false
        }
    }

    // MARK: ISO 9660

    /// A continuation area (SUSP 1.12 section 5.1) whose own continuation leads back to it, or further than any program goes.
    private static func hasContinuationLoop(_ content: Span<UInt8>) -> Bool {
        let mark: [UInt8] = [0x43, 0x45, 28, 1]
        var places: [Int] = []
        var from = 0
        while let place = content.firstIndex(of: mark, from: from) {
            from = place + 1
            guard area(content, at: place) != nil else { continue }
            guard places.count < mostEntries else { return true }
            places.append(place)
        }
        return places.contains { isEndless(content, from: $0, places) }
    }

    private static func isEndless(_ content: Span<UInt8>, from start: Int, _ places: [Int]) -> Bool {
        var place = start
        for _ in 0..<longestChain {
            guard let area = area(content, at: place) else { return false }
            // The last entry of an area counts.
            var low = 0
            var high = places.count
            while low < high {
                let middle = (low + high) / 2
                if places[middle] < area.upperBound { low = middle + 1 } else { high = middle }
            }
            guard low > 0, area.contains(places[low - 1]) else { return false }
            place = places[low - 1]
        }
        return true
    }

    /// The area that an entry points to; nil for octets that only look like one. Numbers stand there in both orders.
    private static func area(_ content: Span<UInt8>, at place: Int) -> Range<Int>? {
        func number(_ at: Int) -> Int? {
            guard let little = content.littleEndian32(at: at), let big = content.littleEndian32(at: at + 4),
                little == big.byteSwapped
            else { return nil }
            return Int(little)
        }
        guard let block = number(place + 4), let offset = number(place + 12), let size = number(place + 20) else {
            return nil
        }
        return content.clamped(block * 2048 + offset, size)
    }

    // MARK: XAR

    /// A file that is twice a link, by its table of contents; one that cannot be read is not given away either.
    private static func hasLinkLoop(_ content: Span<UInt8>) -> Bool {
        guard let (contents, _) = XARContents.read(content) else { return true }
        let text = contents.span
        // Links of the files that are open, the innermost last.
        var links: [Int] = []
        var from = 0
        while let tag = text.firstIndex(of: UInt8(ascii: "<"), from: from) {
            from = tag + 1
            if text.hasBytes("</file", at: tag) {
                _ = links.popLast()
            } else if text.hasBytes("<file", at: tag) {
                links.append(0)
            } else if text.hasBytes("<type", at: tag), !links.isEmpty {
                let end = text.firstIndex(of: UInt8(ascii: ">"), from: tag) ?? text.count
                guard text.extracting(tag..<end).firstIndex(of: "link") != nil else { continue }
                links[links.count - 1] += 1
                if links[links.count - 1] > 1 { return true }
            }
        }
        return false
    }
}
