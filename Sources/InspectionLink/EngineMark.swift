/// What the report file of a worker holds while it inspects: whether the embedded engine has its turn. When the worker dies or
/// hangs, this tells the engine from everything else that reads hostile bytes. A worker that was taken over can lie in it,
/// as it can in a report; it gains a try without the engine, in which all else has to come through again.
package enum EngineMark {
    private static let type: UInt8 = 23

    /// The record; of one length, whatever it says.
    package static func record(isAtWork: Bool) -> [UInt8] {
        var out = RecordWriter(type: type)
        out.put(isAtWork)
        return out.bytes
    }

    /// Octets of a record.
    package static let length = record(isAtWork: false).count

    /// Reads the first octets of a report file. Anything but the mark, a report too, says nothing.
    package static func isAtWork(_ record: [UInt8]) -> Bool {
        guard var reader = try? RecordReader(record), reader.type == type, let isAtWork = try? reader.bool(),
            (try? reader.end()) != nil
        else { return false }
        return isAtWork
    }
}
