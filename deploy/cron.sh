#!/bin/sh
# The digest of a site on a host of files alone: publishes, mails what is due, and publishes the
# pages of what was mailed. It is for the one machine that remembers who had what, in .feedpub/ or a
# database; what is typed after its name takes public/ to the host. From cron:
#
#   7 * * * *  cd /srv/blog && git pull -q && PATH=/opt/feedpub/bin:$PATH /opt/feedpub/cron.sh
#              rsync -a --delete --exclude '/.feedpub*' public/ www@example.org:/srv/www/blog/
#
# (in one line; in a crontab % is written \%). Readers confirm, choose and leave at addresses of the
# site that only `feedpub run` answers: the host has to hand these on, as nginx.conf does, to one
# that runs beside the site here. It mails by itself then, and `hooks.on_published` can call rsync.
set -eu

publish() {
	# Status 1 does not tell a build that left a bad post out, and published the rest, from one
	# that could not be done: all that it counts is 0 then. Either way it says why.
	feedpub build --json | grep -q '"feeds": [1-9]'
	"$@"
}

publish "$@"
status=0
feedpub digest send --due || status=$?
publish "$@"
exit $status
