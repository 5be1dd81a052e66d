internal import Checks
internal import Configuration

/// What the lines of `recipient_tables` set.
struct RecipientTables: Sendable {
    /// By table and line; not those lines into which a pattern puts what it has matched.
    private(set) var overlays: [LookupName: [Int: PolicyOverlay]] = [:]
    /// All that is known of lines: what stands beside a pattern's value names files, too.
    private(set) var placed: [LookupName: [Int: PolicyOverlay]] = [:]
    /// Keys whose value some pattern makes out of an address, and the line of the table where one of them does.
    private(set) var patternKeys: [String: SettingPlace] = [:]

    /// - Parameter faults: gets what is wrong with lines; these set nothing.
    init(_ names: [LookupName], _ tables: LookupTables, faults: inout [SettingFault]) {
        for name in names {
            for entry in tables[name]?.values ?? [] {
                let place = SettingPlace.table(name.place, line: entry.line)
                do throws(ValueError) {
                    if let table = try read(entry, of: name, place) {
                        let text = "\(table.text) stands in a line with what a pattern has matched"
                        faults.append(SettingFault(place: place, text: text))
                    }
                } catch {
                    faults.append(SettingFault(place: place, text: error.message))
                }
            }
        }
    }

    /// - Returns: a table that cannot be named by this line, for it would be read only when mail comes.
    private mutating func read(
        _ entry: LookupTable.Value, of name: LookupName, _ place: SettingPlace
    ) throws(ValueError) -> LookupName? {
        guard entry.isPartial else {
            let overlay = try Self.overlay(entry.text)
            overlays[name, default: [:]][entry.line] = overlay
            placed[name, default: [:]][entry.line] = overlay
            return nil
        }
        let known = try PolicyOverlay.check(assignments: Self.words(entry.text), mark: LookupTable.mark)
        for key in known.keys.subtracting(known.overlay.keys) { patternKeys[key] = patternKeys[key] ?? place }
        if let table = known.overlay.values.tables.first { return table.name }
        placed[name, default: [:]][entry.line] = known.overlay
        return nil
    }

    /// The settings that a line's value makes.
    static func overlay(_ value: [UInt8]) throws(ValueError) -> PolicyOverlay {
        try PolicyOverlay(assignments: words(value))
    }

    private static func words(_ value: [UInt8]) -> [Substring] {
        String(decoding: value, as: UTF8.self).split(omittingEmptySubsequences: true) { $0.isWhitespace }
    }
}
