package import Bayes
package import Configuration

/// Where things are that several commands have to find.
extension Settings {
    /// The control socket of the daemon that runs with these settings.
    package var controlSocketPath: String {
        controlSocket.isEmpty ? stateDirectory + "/control.sock" : controlSocket
    }

    /// Bounds of the database of learnt mail.
    package var bayesLimits: BayesStore.Limits {
        BayesStore.Limits(
            tokens: bayes.tokens, messages: bayes.messages, automatic: bayes.messages * bayes.autolearn.share / 100,
            minimum: bayes.minimum, nearDuplicates: bayes.nearDuplicates)
    }

    /// The directory of the databases of learnt mail.
    package var bayesDirectory: String { bayes.path.isEmpty ? stateDirectory + "/bayes" : bayes.path }

    /// The journal of that daemon.
    package var journalPath: String { stateDirectory + "/journal.sqlite" }

    /// The quarantine of that daemon.
    package var quarantineDirectory: String { stateDirectory + "/quarantine" }

    /// What digests remember.
    package var digestDirectory: String { stateDirectory + "/digests" }

    /// Links of digests that did what they are for.
    package var redeemedDirectory: String { digestDirectory + "/redeemed" }

    /// The settings of a program without configuration: the defaults, with the first directory of shipped signatures that
    /// has any. Looked at are the default of `clamav.test_database`, `../share/mailreeve/signatures` as seen from
    /// the program (an installation below another prefix), and `../../../rules/signatures` (a program in `.build`).
    /// - Parameter programDirectory: absolute path of the directory that the program is in.
    package static func withoutConfiguration(programDirectory: String) -> Settings {
        var settings = Settings()
        let places = [
            settings.clamav.testDatabase, programDirectory + "/../share/mailreeve/signatures",
            programDirectory + "/../../../rules/signatures",
        ]
        if let found = places.first(where: SetupBuilder.holdsSignatures) { settings.clamav.testDatabase = found }
        return settings
    }
}
