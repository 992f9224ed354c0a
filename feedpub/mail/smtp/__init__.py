"""Messages → mail servers, over SMTP (RFC 5321)."""

import time
from collections.abc import Callable, Sequence

from feedpub.errors import MailError
from feedpub.mail.smtp.greeting import RelayConnectError, create_ssl_context, open_connection
from feedpub.mail.smtp.relay import SmtpRelay, order_relays
from feedpub.mail.smtp.session import SmtpSession
from feedpub.mail.transport import RefusalHandler, ignore_refusal

__all__ = ["SmtpRelay", "SmtpSession", "SmtpTransport", "order_relays"]


class SmtpTransport:
    """Sends through one of several relays; where one is out of reach, through the next.

    Raises:
        MailError: the certificates to trust cannot be read.
    """

    def __init__(
        self, relays: Sequence[SmtpRelay], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.relays = tuple(relays)
        self._ssl_contexts = {each.ca_file: create_ssl_context(each) for each in relays}
        self._clock = clock

    def connect(self, chance: float = 0.0, refused: RefusalHandler = ignore_refusal) -> SmtpSession:
        """Connect to the relay that `chance` points to, or to the first of the others that answers.

        `refused` is called for each that answered with a refusal.

        Raises:
            MailError: none answers, lets us in and can be trusted; it says why, for each.
        """
        faults = []
        for relay in order_relays(self.relays, chance):
            try:
                return self.connect_to(relay)
            except RelayConnectError as error:
                faults.append(str(error))
                if error.result is not None:
                    refused(error.result)
        raise MailError("; ".join(faults) or "mail.relays: there is no mail server to send through")

    def connect_to(self, relay: SmtpRelay) -> SmtpSession:
        """Connect to one of the relays, up to and with the log-in.

        Raises:
            GreetingError: it does not answer, does not let us in or cannot be trusted.
        """
        return SmtpSession(
            open_connection(relay, self._ssl_contexts[relay.ca_file]), relay, self._clock
        )
