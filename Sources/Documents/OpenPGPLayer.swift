internal import Compression
internal import Members

/// Reads packets that come piece by piece: hands on the files in them as they come, whatever their size, and what is compressed to a
/// layer of its own. Layers are as many as `OpenPGPMessage.mostLayers`.
final class OpenPGPLayer {
    /// What becomes of the body of the packet.
    private enum Body {
        case passedOver
        /// Of a type that is not known here.
        case unknown
        /// First octets of literal data, which do not tell its name yet.
        case literalHead([UInt8])
        case compressedHead([UInt8])
        /// What follows belongs to the member that was begun.
        case member
        case stored(OpenPGPLayer)
        case deflated(PiecewiseInflate, OpenPGPLayer)
    }

    private let number: Int
    private let extraction: Extraction
    private var packets = OpenPGPPackets()
    private var body = Body.passedOver
    /// What comes is not read any more.
    private var isBroken = false

    private static let what = "OpenPGP message"
    private static let compression = "compression of OpenPGP message"

    /// - Parameter number: 1 for the outermost.
    init(_ number: Int, _ extraction: Extraction) {
        self.number = number
        self.extraction = extraction
    }

    private var goesOn: Bool { !isBroken && !extraction.isStopped }

    /// Takes the next octets.
    func read(_ piece: Span<UInt8>) {
        var at = 0
        while goesOn, let event = packets.next(piece, from: &at) {
            switch event {
            case .start(let tag): begin(tag)
            case .body(let range): take(piece.extracting(range))
            case .end: close(isCut: false)
            case .damage: fail(.corrupt, Self.what)
            }
        }
    }

    /// There are no more octets. Ends the member that was begun in any case.
    /// - Parameter isCut: something that was told took the rest: what is missing is no damage.
    func finish(isCut: Bool) {
        let isCut = isCut || !goesOn
        switch packets.finish() {
        case .end: close(isCut: isCut)
        case .damage:
            close(isCut: true)
            if !isCut { fail(.corrupt, Self.what) }
        default: break
        }
    }

    private func begin(_ tag: UInt8) {
        guard extraction.countItem() else { return }
        switch tag {
        case OpenPGPPacket.Tag.onePassSignature: break
        case let tag where OpenPGPPacket.Tag.passedOver.contains(tag): break
        case OpenPGPPacket.Tag.compressed: body = .compressedHead([])
        case OpenPGPPacket.Tag.literal: body = .literalHead([])
        case OpenPGPPacket.Tag.publicKeySession, OpenPGPPacket.Tag.symmetricKeySession, OpenPGPPacket.Tag.encrypted,
            OpenPGPPacket.Tag.encryptedAndChecked, OpenPGPPacket.Tag.authenticated:
            fail(.encrypted, Self.what)
        default: body = .unknown
        }
    }

    private func take(_ piece: Span<UInt8>) {
        var at = 0
        while at < piece.count, let head = head(with: piece[at]) {
            body = head
            at += 1
        }
        guard goesOn, at < piece.count else { return }
        let rest = piece.extracting(at..<piece.count)
        switch body {
        case .member: extraction.append(rest)
        case .stored(let layer): layer.read(rest)
        case .deflated(let inflate, let layer): expand(rest, inflate, layer)
        case .passedOver, .unknown, .literalHead, .compressedHead: break
        }
    }

    /// The body with one octet more of its head; nil where that is over.
    private func head(with octet: UInt8) -> Body? {
        switch body {
        case .literalHead(let head):
            let head = head + [octet]
            return head.count < OpenPGPLiteral.size(of: head) ? .literalHead(head) : literal(head)
        case .compressedHead(let head):
            let head = head + [octet]
            let isShort = head[0] == OpenPGPCompression.bzip2 && head.count < OpenPGPCompression.bzip2Head.count
            return isShort ? .compressedHead(head) : compressed(head)
        case .passedOver, .unknown, .member, .stored, .deflated: return nil
        }
    }

    private func literal(_ head: [UInt8]) -> Body {
        guard let literal = OpenPGPLiteral(head: head) else {
            fail(.corrupt, Self.what)
            return .passedOver
        }
        return extraction.begin(.file, names: [literal.name]) ? .member : .passedOver
    }

    private func compressed(_ head: [UInt8]) -> Body {
        if head == OpenPGPCompression.bzip2Head {
            // Goes on as a file of bzip2, whose content are packets.
            guard extraction.begin(.packets) else { return .passedOver }
            extraction.append(head.span.extracting(1..<head.count))
            return .member
        }
        let inflate = OpenPGPCompression.inflate(head[0])
        guard inflate != nil || head[0] == OpenPGPCompression.stored else {
            fail(.unsupported, Self.compression)
            return .passedOver
        }
        guard number < OpenPGPMessage.mostLayers else {
            extraction.problem(.packetLayers)
            isBroken = true
            return .passedOver
        }
        let layer = OpenPGPLayer(number + 1, extraction)
        return inflate.map { .deflated($0, layer) } ?? .stored(layer)
    }

    private func expand(_ piece: Span<UInt8>, _ inflate: PiecewiseInflate, _ layer: OpenPGPLayer) {
        inflate.append(piece) { inner in
            let taken = extraction.takeDecoded(inner.count)
            layer.read(inner.extracting(0..<taken))
            // What came before the limit is handed on.
            if taken < inner.count { extraction.stop(.octets) }
            return layer.goesOn
        }
    }

    /// Ends the body of a packet.
    private func close(isCut: Bool) {
        let closed = body
        body = .passedOver
        switch closed {
        case .passedOver: break
        case .unknown: if !isCut { fail(.unsupported, "packet of OpenPGP message") }
        case .literalHead: if !isCut { fail(.corrupt, Self.what) }
        case .compressedHead: if !isCut { fail(.unsupported, Self.compression) }
        case .member: extraction.end()
        case .stored(let layer): layer.finish(isCut: isCut)
        case .deflated(let inflate, let layer):
            let isWhole = inflate.end == .complete
            layer.finish(isCut: isCut || !isWhole)
            if !isCut, !isWhole, inflate.end != .stopped { extraction.problem(.corrupt, Self.what) }
        }
    }

    /// Ends this layer: nobody knows where it goes on.
    private func fail(_ kind: ContainerProblem.Kind, _ detail: String) {
        guard goesOn else { return }
        extraction.problem(kind, detail)
        isBroken = true
    }
}
