internal import Bytes
internal import InspectionLink
internal import MIME
internal import Scoring

/// Reading messages for what they teach, by the same readers as those that are judged.
extension Inspection {
    /// The report for learning: of each message the tokens that judging would see, and nothing else.
    mutating func lessons(_ bytes: UnsafeBufferPointer<UInt8>, _ request: Inspect) -> [UInt8] {
        var builder = ReportBuilder(messageSize: bytes.count)
        var start = 0
        for length in request.context.messages {
            let end = start + min(length, bytes.count - start)
            builder.add(lesson: tokens(of: UnsafeBufferPointer(rebasing: bytes[start..<end]), request))
            start = end
        }
        return builder.finish(completed: [], timings: [], maximum: reportSize)
    }

    private mutating func tokens(of bytes: UnsafeBufferPointer<UInt8>, _ request: Inspect) -> TokenSet {
        let message = bytes.span
        var walker = PartWalker(message, limits: request.limits)
        var run = Run(
            engine: nil, magic: nil, messageSize: message.count, unpacker: unpacker(of: bytes, walker, request))
        run.isForTokensOnly = true
        run.tokens = extractor.take() ?? TokenExtractor()
        run.tokens?.takesForeignTokens = false
        run.unshown = UnshownParts(walker.tree, message)
        walker.tree.withHeader(of: 0, in: message) { run.tokens?.add(header: $0) }
        for index in walker.tree.parts.indices { run.add(walker.description(index, in: message)) }
        var index = 0
        while index < walker.tree.parts.count {
            let part = walker.tree.parts[index]
            let text = walker.text(index)
            if part.kind.hasContent {
                let (structure, budget) = (walker.structure(of: index), walker.budget)
                let isShown = !run.unshown.contains(index, in: walker.tree.parts)
                let notes = walker.withContent(of: index, in: message, buffer: &buffer) { content, decoding in
                    run.tokens?.addFacts(of: part, content: content)
                    if let (mediaType, charset) = text {
                        let limit = request.limits.textBytes
                        run.tokens?.add(
                            TextContent.read(content, mediaType: mediaType, charset: charset, limit: limit),
                            size: content.count, isShown: isShown)
                    }
                    run.look(content, part: run.reported[index], item: nil, structure: structure)
                    if structure.mayHoldBlocks { run.takeBlocks(in: content, part: run.reported[index], limit: budget) }
                    return decoding?.notes ?? []
                }
                walker.spend(run.takeSpent())
                if !notes.isEmpty {
                    for added in walker.addDecodings(of: index, notes) {
                        run.add(walker.description(added, in: message))
                    }
                }
            } else {
                run.tokens?.addFacts(of: part, content: [UInt8]().span)
            }
            index += 1
        }
        run.takeMembers()
        var used = run.tokens.take() ?? TokenExtractor()
        defer { extractor = used }
        return used.finish()
    }
}
