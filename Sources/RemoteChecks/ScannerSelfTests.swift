internal import Glibc
internal import Linux

// Who is believed: self-tests, and a look at versions between them.
extension ScannerSet {
    /// Tests every place whose test is due, side by side, and waits for the end.
    package func test() async {
        await withDiscardingTaskGroup { group in
            for test in dueTests() { group.addTask(operation: test) }
        }
    }

    /// The same, and goes on without those that take longer.
    package func test(atMost limit: Duration) async {
        let (ends, end) = AsyncStream<Void>.makeStream()
        Task {
            await test()
            end.finish()
        }
        let timer = Task {
            try await Task.sleep(for: limit)
            end.finish()
        }
        for await _ in ends {}
        timer.cancel()
    }

    /// The tests that are due, each to be run; until it has ended it is not due again.
    package func dueTests() -> [@Sendable () async -> Void] {
        members.flatMap { member in
            member.places.compactMap { place in
                place.health.begin().map { due in
                    switch due {
                    case .test: { await self.test(member, place) }
                    case .version: { await self.lookAtVersion(member, place) }
                    }
                }
            }
        }
    }

    private func test(_ member: ScannerMember, _ place: ScannerMember.Place) async {
        let settings = member.settings
        let deadline = monotonicNow() + settings.timeout
        let result = await ScannerMember.within(deadline) { () async throws(ScannerFailure) in
            let version = try await place.scanner.version(deadline: deadline)
            let answer = try await place.scanner.scan(try settings.sample.subject(), deadline: deadline)
            guard settings.sample.isFound(in: answer) else {
                throw ScannerFailure("it does not find its test sample, \(settings.sample.rawValue)")
            }
            return version
        }
        // A test that was broken off says nothing.
        if Task.isCancelled { return }
        switch result {
        case .success(let version): end(member, place, Self.staleness(version, settings), version)
        case .failure(let failure): end(member, place, "failed its self-test: \(failure)", place.health.version)
        }
    }

    /// Signatures that are new make kept answers old; and they may have become too old.
    private func lookAtVersion(_ member: ScannerMember, _ place: ScannerMember.Place) async {
        let deadline = monotonicNow() + member.settings.timeout
        let result = await ScannerMember.within(deadline) { () async throws(ScannerFailure) in
            try await place.scanner.version(deadline: deadline)
        }
        if Task.isCancelled { return }
        guard case .success(let version) = result, Self.staleness(version, member.settings) == nil else {
            return await test(member, place)
        }
        place.health.noted(version, next: nanoseconds(options.retryInterval))
    }

    private func end(
        _ member: ScannerMember, _ place: ScannerMember.Place, _ fault: String?, _ version: ScannerVersion?
    ) {
        let isNews = place.health.tested(
            fault: fault, version: version,
            next: nanoseconds(fault == nil ? options.testInterval : options.retryInterval),
            nextVersion: nanoseconds(options.retryInterval))
        guard isNews else { return }
        let name = member.settings.name + (member.places.count > 1 ? " at \(place.name)" : "")
        let words = version.map { $0.text.isEmpty ? "" : ", \($0.text)" } ?? ""
        log("scanner \(name): \(fault ?? "works" + words)")
    }

    private func nanoseconds(_ seconds: Int) -> Int { seconds * 1_000_000_000 }

    /// Why signatures are too old to be believed; nil when they are not.
    private static func staleness(_ version: ScannerVersion?, _ settings: ScannerSettings) -> String? {
        guard settings.staleAfter > 0 else { return nil }
        guard let made = version?.signatureTime else { return "does not say how old its signatures are" }
        let age = time(nil) - made
        return age <= settings.staleAfter ? nil : "its signatures are \(age / 86_400) days old"
    }
}
