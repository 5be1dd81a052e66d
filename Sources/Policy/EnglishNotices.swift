extension NoticeTemplates {
    /// The notices that need no file: `packaging/notices/en`, word for word.
    package static let english = """
        # Notices in English. [dsn] goes to senders, [relayed] to senders who want to hear that mail was passed on, [recipient] to
        # recipients, [admin] to administrators. The first line of each is the subject. Words in ${...}: id, hostname, sender,
        # recipients, subject, reason, mail_id. [digest] goes to recipients, too; its words are hostname, recipients and messages, and
        # those of [digest-message], which has no subject, time, sender, subject, reason, mail_id, release and release_and_allow.
        # [release-refused] goes to a recipient whose next hop refuses what he has released by a link; its words are those of [recipient].
        [dsn]
        Undelivered mail returned to sender

        Your message

          Subject: ${subject}

        could not be delivered to the following recipients:

        ${recipients}

        [relayed]
        Mail was passed on

        Your message

          Subject: ${subject}

        was passed on for the following recipients, as you wished to know. No report will follow on what becomes of it from here:

        ${recipients}

        [recipient]
        A message for you was not delivered

        A message for you was not delivered, because of what is in it.

          From:    ${sender} (may be forged)
          Subject: ${subject}
          Reason:  ${reason}

        If you expected it, ask your administrator and name ${mail_id}.

        [admin]
        ${reason}

        The mail gateway ${hostname} did not deliver a message.

          From:       ${sender} (may be forged)
          Recipients:
        ${recipients}
          Subject:    ${subject}
          Reason:     ${reason}
          Quarantine: ${mail_id}

        [digest]
        Mail that was kept from you

        The mail gateway ${hostname} has kept these messages from you because of what they are or hold. If you want one of them, open
        its link and send the mail that it makes as it is. Nothing needs to be done about the others: they are removed after some time.

        ${messages}

        [digest-message]
        ${time}
          From:    ${sender} (may be forged)
          Subject: ${subject}
          Reason:  ${reason}
          Release: <${release}>
          Release, and take mail of this sender for no spam from now on: <${release_and_allow}>

        [release-refused]
        A message that you asked for could not be delivered

        You asked for a message that the mail gateway ${hostname} had kept from you. The mail server refuses it:

          From:    ${sender} (may be forged)
          Subject: ${subject}
          Answer:  ${reason}

        If you need it, ask your administrator and name ${mail_id}.

        """
}
