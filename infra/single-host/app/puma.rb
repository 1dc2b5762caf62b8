# frozen_string_literal: true

port Integer(ENV.fetch('PORT', '8000'))
threads 4, 4
environment 'production'
# As long as the host waits before it kills the container, less a moment.
force_shutdown_after 25
