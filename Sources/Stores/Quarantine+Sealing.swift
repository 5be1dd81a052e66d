internal import Digests
internal import Glibc
internal import Linux

/// Files of entries that are encrypted.
extension Quarantine {
    /// The name of the key that an entry's message needs, in hexadecimal; nil where it is not encrypted.
    package func keyName(_ id: String) throws(Failure) -> String? {
        let head = try storage.beginning(id, Self.messageFile, count: SealedFile.shortest)
        return SealedFile.keyID(head.span).map { hexadecimal($0) }
    }

    static let notSealed = Failure.system(SystemError("encryption", code: EIO))

    /// What each chunk of a file is bound to.
    static func place(_ id: String, _ file: String) -> String { "\(id)/\(file)" }

    /// Octets as a file has them.
    func sealed(_ bytes: [UInt8], _ id: String, _ file: String) throws(Failure) -> [UInt8] {
        guard let key = keys.writing else { return bytes }
        guard let sealed = SealedFile.sealed(bytes, key, place: Self.place(id, file)) else { throw Self.notSealed }
        return sealed
    }

    /// Lends what a file holds: as it is, or what was sealed.
    /// - Parameter use: false ends it.
    /// - Throws: `.locked` without its key; `.damaged` where it is not what was sealed. What was lent before is then not to be used.
    func unsealed(
        _ bytes: Span<UInt8>, _ id: String, _ file: String, _ use: (Span<UInt8>) -> Bool
    ) throws(Failure) {
        guard let name = SealedFile.keyID(bytes) else {
            _ = use(bytes)
            return
        }
        guard let key = keys.key(name) else { throw .locked(id, key: hexadecimal(name)) }
        guard SealedFile.open(bytes, key, place: Self.place(id, file), use) else { throw .damaged("\(id)/\(file)") }
    }
}
