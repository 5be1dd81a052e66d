/// Bounds of what one message may unpack to. Reaching one stops unpacking; what was extracted is still scanned.
package struct UnpackingLimits: Hashable, Sendable {
    /// Containers within each other that are opened (amavis: MAXLEVELS).
    package var levels: Int
    /// Members of all containers together (amavis: MAXFILES).
    package var files: Int
    /// Octets that every message may unpack to (amavis: MIN_EXPANSION_QUOTA).
    package var minimumQuota: Int
    /// Octets beyond which a message may not unpack, but by `minimumFactor` (amavis: MAX_EXPANSION_QUOTA).
    package var maximumQuota: Int
    /// Octets for each octet of the message that it may always unpack to (amavis: MIN_EXPANSION_FACTOR).
    package var minimumFactor: Int
    /// Octets for each octet of the message below the maximum (amavis: MAX_EXPANSION_FACTOR).
    package var maximumFactor: Int
    /// Octets for each octet of a container that it may unpack to, once that is more than `ratioFloor`.
    package var ratio: Int
    /// Wall time of unpacking one message, in seconds, counted from the start of its inspection.
    package var seconds: Int
    /// Processor time of the same, in seconds.
    package var processorSeconds: Int
    /// Octets of members that are kept in memory at one time; further ones lie in the workspace.
    package var memory: Int
    /// Octets of the largest member that is kept in memory.
    package var memberMemory: Int
    /// Octets that one message may write to the workspace.
    package var workspace: Int
    /// Passwords that are tried on one encrypted member.
    package var passwords: Int
    /// Of each container by itself.
    package var containers: ContainerLimits

    /// Octets of all names of members together: more does not fit into a report.
    package static let nameOctets = 4_194_304
    /// Seconds of the longest time limit: a day.
    package static let longestTime = 86_400
    /// Octets up to which `ratio` does not matter: small files of zeros, empty disks and such are honest.
    package static let ratioFloor = 16_777_216

    package init(
        levels: Int = 14, files: Int = 1500, minimumQuota: Int = 102_400, maximumQuota: Int = 314_572_800,
        minimumFactor: Int = 5, maximumFactor: Int = 500, ratio: Int = 2000, seconds: Int = 60,
        processorSeconds: Int = 30,
        memory: Int = 16_777_216, memberMemory: Int = 1_048_576, workspace: Int = 536_870_912, passwords: Int = 100,
        containers: ContainerLimits = ContainerLimits()
    ) {
        self.levels = levels
        self.files = files
        self.minimumQuota = minimumQuota
        self.maximumQuota = maximumQuota
        self.minimumFactor = minimumFactor
        self.maximumFactor = maximumFactor
        self.ratio = ratio
        self.seconds = seconds
        self.processorSeconds = processorSeconds
        self.memory = memory
        self.memberMemory = memberMemory
        self.workspace = workspace
        self.passwords = passwords
        self.containers = containers
    }

    /// Octets that a message of a size may unpack to, by amavis's formula:
    /// `max(minimum, size x minimumFactor, min(maximum, size x maximumFactor))`.
    package func quota(messageSize: Int) -> Int {
        max(minimumQuota, product(messageSize, minimumFactor), min(maximumQuota, product(messageSize, maximumFactor)))
    }

    private func product(_ size: Int, _ factor: Int) -> Int {
        let (product, overflow) = max(0, size).multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}

/// Names of the limits, as reports and logs show them.
package enum UnpackingLimit: String, Hashable, Sendable, CaseIterable {
    case levels = "unpacking-levels"
    case files = "unpacking-files"
    case names = "unpacking-names"
    case bytes = "unpacking-bytes"
    case ratio = "unpacking-ratio"
    case seconds = "unpacking-seconds"
    case processorSeconds = "unpacking-processor-seconds"
    case workspace = "unpacking-workspace"
}
