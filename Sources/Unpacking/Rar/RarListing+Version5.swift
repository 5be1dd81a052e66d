internal import Bytes

/// Headers of RAR 5.
extension RarListing {
    private enum HeaderType {
        static let archive = 1
        static let file = 2
        static let service = 3
        static let encryption = 4
        static let end = 5
    }

    private enum RecordType {
        static let encryption = 1
        /// A link, or a copy of another member: the size is that one's.
        static let redirection = 5
        /// What a service header is about: of a stream, its name.
        static let service = 7
    }

    mutating func readVersion5(_ content: Span<UInt8>, _ mayGoOn: () -> Bool) {
        var position = 8
        for _ in 0..<Self.most {
            guard mayGoOn(), position < content.count else { return }
            var cursor = RarInteger(position: position + 4)
            guard let size = cursor.next(content), size > 0, size <= content.count - cursor.position else { return }
            let end = cursor.position + size
            guard let type = cursor.next(content), let flags = cursor.next(content) else { return }
            var extra = 0
            var data = 0
            if flags & 1 != 0 { extra = cursor.next(content) ?? 0 }
            if flags & 2 != 0 { data = cursor.next(content) ?? 0 }
            if type == HeaderType.file || type == HeaderType.service {
                let records = records(content, content.clamped(end - min(extra, end), extra))
                var entry = Entry(header: position, names: [], version: 50, data: content.clamped(end, data))
                entry.isStream = type == HeaderType.service
                entry.isSplit = flags & 0x18 != 0
                entry.isContinued = flags & 0x08 != 0
                if !addMember(content, &cursor, end, records, entry) { return }
            }
            if type == HeaderType.end { self.end = end }
            if type == HeaderType.encryption || type == HeaderType.end { return }
            let (next, overflow) = end.addingReportingOverflow(data)
            if overflow { return }
            position = next
        }
        limitReached = true
    }

    /// Reads the fields of a member behind those of every header. Returns false when there is no going on.
    private mutating func addMember(
        _ content: Span<UInt8>, _ cursor: inout RarInteger, _ end: Int, _ records: [(type: Int, content: Range<Int>)],
        _ listed: Entry
    ) -> Bool {
        var entry = listed
        guard let flags = cursor.next(content), let size = cursor.next(content), cursor.next(content) != nil else {
            return true
        }
        if flags & 2 != 0 { cursor.position += 4 }
        if flags & 4 != 0 {
            entry.checksum = content.littleEndian32(at: cursor.position)
            cursor.position += 4
        }
        guard let compression = cursor.next(content), cursor.next(content) != nil, let length = cursor.next(content)
        else {
            return true
        }
        // Within the header: many headers that share one long name would be a bomb.
        let place = content.clamped(cursor.position, min(length, max(0, end - cursor.position)))
        let name = content.extracting(place).array
        if entry.isStream {
            guard name == Self.streamHeader || name == Self.commentHeader else { return true }
            let record = records.first { $0.type == RecordType.service }
            entry.names = streamNames(record.map { content.extracting($0.content).array } ?? [])
        } else {
            entry.names = [name]
        }
        entry.isDirectory = !entry.isStream && flags & 1 != 0
        entry.isEncrypted = records.contains { $0.type == RecordType.encryption }
        entry.isStored = compression >> 7 & 7 == 0
        entry.compression = compression
        entry.isSolid = !entry.isStream && compression & 0x40 != 0
        if flags & 8 == 0, !records.contains(where: { $0.type == RecordType.redirection }) { entry.size = size }
        if entry.isStream, name == Self.commentHeader {
            comment = entry
            return true
        }
        return take(entry)
    }

    /// Records of the extra area of a header.
    private func records(_ content: Span<UInt8>, _ area: Range<Int>) -> [(type: Int, content: Range<Int>)] {
        var records: [(type: Int, content: Range<Int>)] = []
        var cursor = RarInteger(position: area.lowerBound)
        while cursor.position < area.upperBound, let size = cursor.next(content), size > 0 {
            let start = cursor.position
            guard let type = cursor.next(content) else { break }
            let (next, overflow) = start.addingReportingOverflow(size)
            if overflow { break }
            let end = min(next, area.upperBound)
            if cursor.position <= end { records.append((type, cursor.position..<end)) }
            cursor.position = next
        }
        return records
    }
}
