# frozen_string_literal: true

require_relative 'lib/database'
require_relative 'lib/guestbook'

run Guestbook.new(Database.connect(ENV), ENV)
