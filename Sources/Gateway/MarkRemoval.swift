internal import Configuration
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

extension MessageWork {
    /// Takes a mark of a release out of the message once it has been looked at, whomever it is for: nothing that is kept, copied,
    /// delivered or quoted in a notification has it, since whoever gets it has the message released once more.
    /// - Returns: nil, or a reply that ends the message.
    mutating func removeMark() async -> Reply? {
        guard setup.releaseKey != nil, let mark = facts.releaseMark,
            ReleaseMark(value: mark.value) != nil || RequeueMark(value: mark.value) != nil
        else { return nil }
        let (file, spool, limit) = (message.file, setup.spool, setup.settings.limits.headerBytes)
        do {
            (message.file, facts) = try await setup.blocking {
                let rest = try file.copy(without: mark.place, in: spool)
                return (rest, try HeaderFacts(of: rest, limit: limit))
            }
            return nil
        } catch let error as SpoolError {
            return ReplyTexts.failure(error.cause, id: id)
        } catch {
            return ReplyTexts.failure("\(error)", id: id)
        }
    }
}

extension MessageFile {
    /// A copy without some octets. Blocks on a disk.
    fileprivate func copy(without range: Range<Int>, in spool: Spool) throws -> MessageFile {
        let writer = try spool.open(declaredSize: count)
        for part in [0..<range.lowerBound, range.upperBound..<count] {
            var offset = part.lowerBound
            while offset < part.upperBound {
                let chunk = try descriptor.read(at: offset, count: min(262_144, part.upperBound - offset))
                guard !chunk.isEmpty else { throw GatewayError("a stored message cannot be read again") }
                try writer.append(chunk)
                offset += chunk.count
            }
        }
        return try writer.finish()
    }
}
