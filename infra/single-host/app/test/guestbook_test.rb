# frozen_string_literal: true

require 'minitest/autorun'
require 'rack/test'
require_relative '../lib/database'
require_relative '../lib/guestbook'

class GuestbookTest < Minitest::Test
  include Rack::Test::Methods

  attr_reader :app

  def setup
    @database = Sequel.sqlite
    Database.migrate(@database)
    @app = guestbook('SECRET_KEY_BASE' => 'a key', 'APP_VERSION' => '7')
  end

  def guestbook(environment)
    Guestbook.new(@database, environment)
  end

  def token
    token_in(get('/'))
  end

  def token_in(response)
    response.body[/name="token" value="([^"]+)"/, 1]
  end

  def test_shows_its_version
    assert_includes get('/').body, 'Version 7'
    assert_equal "7\n", get('/version').body
  end

  def test_keeps_notes_newest_first
    post '/notes', token: token, text: 'first'
    assert_equal 303, last_response.status
    post '/notes', token: token, text: ' second '
    assert_equal %w[second first], JSON.parse(get('/notes').body)
  end

  def test_shows_notes_as_text
    post '/notes', token: token, text: '<b>"bold" & more</b>'
    assert_includes get('/').body, '&lt;b&gt;&quot;bold&quot; &amp; more&lt;/b&gt;'
  end

  def test_refuses_notes_that_are_empty_or_too_long
    ['', '   ', 'x' * 201].each do |words|
      post '/notes', token: token, text: words
      assert_equal 422, last_response.status
    end
    assert_empty @database[:notes].all
  end

  def test_refuses_forms_that_are_not_its_own
    other = Rack::MockRequest.new(guestbook('SECRET_KEY_BASE' => 'another key')).get('/')
    [nil, '', 'x', token_in(other), token.sub('.', '.0')].each do |sent|
      post '/notes', token: sent, text: 'hello'
      assert_equal 403, last_response.status
    end
    assert_empty @database[:notes].all
  end

  def test_is_well_with_its_tables_only
    assert_equal 200, get('/healthz').status
    @database.drop_table(:notes)
    assert_equal 503, get('/healthz').status
    assert_equal 503, get('/').status
  end

  def test_knows_no_other_pages
    assert_equal 404, get('/elsewhere').status
    assert_equal 404, post('/').status
  end

  def test_needs_a_key
    assert_raises(KeyError) { guestbook({}) }
    assert_raises(ArgumentError) { guestbook('SECRET_KEY_BASE' => '') }
  end

  def test_migrates_again_without_a_change
    post '/notes', token: token, text: 'kept'
    Database.migrate(@database)
    assert_equal ['kept'], JSON.parse(get('/notes').body)
  end
end

class DatabaseTest < Minitest::Test
  ENVIRONMENT = {
    'MYSQL_HOST' => 'database', 'MYSQL_PORT' => '3306', 'MYSQL_USER' => 'app', 'MYSQL_PASSWORD' => 'secret'
  }.freeze

  def test_takes_its_place_from_the_environment
    settings = Database.settings(ENVIRONMENT)
    assert_equal ['database', 3306, 'app', 'secret', 'app'], settings.values_at(:host, :port, :user, :password, :database)
    assert_equal 'shop', Database.settings(ENVIRONMENT.merge('MYSQL_DATABASE' => 'shop'))[:database]
  end

  def test_every_variable_is_needed
    ENVIRONMENT.each_key do |name|
      assert_raises(KeyError) { Database.settings(ENVIRONMENT.reject { |other, _| other == name }) }
    end
  end
end
