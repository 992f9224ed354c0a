"""What a mail service POSTs of bounces and complaints → reports, once it is sure that it did.

Each service has a class whose instance is called with what was POSTed and the time, and gives a
Notice or raises NoticeError; nothing else is ever raised, whatever the octets.
"""
