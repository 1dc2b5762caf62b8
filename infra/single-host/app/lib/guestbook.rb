# frozen_string_literal: true

require 'cgi'
require 'json'
require 'openssl'
require 'rack'
require 'securerandom'
require 'sequel'

# A page on which visitors leave notes. Forms carry a token that only this server can have
# signed, with SECRET_KEY_BASE.
class Guestbook
  LONGEST_NOTE = 200
  NEWEST = 50

  def initialize(database, environment)
    @database = database
    @key = environment.fetch('SECRET_KEY_BASE')
    @version = environment.fetch('APP_VERSION', 'unknown')
    raise ArgumentError, 'SECRET_KEY_BASE must not be empty' if @key.empty?
  end

  def call(env)
    answer(Rack::Request.new(env))
  rescue Sequel::DatabaseError
    text(503, "the database does not answer\n")
  end

  private

  def answer(request)
    case [request.request_method, request.path_info]
    when ['GET', '/'] then page
    when ['GET', '/notes'] then json(200, notes.map { |note| note[:text] })
    when ['POST', '/notes'] then add(request)
    when ['GET', '/healthz'] then health
    when ['GET', '/version'] then text(200, "#{@version}\n")
    else text(404, "there is nothing here\n")
    end
  end

  # Well is a server that reaches its tables.
  def health
    @database[:notes].limit(1).all
    text(200, "ok\n")
  end

  def notes
    @database[:notes].reverse(:id).limit(NEWEST).all
  end

  def add(request)
    return text(403, "the form's token is not ours\n") unless ours?(request.params['token'].to_s)

    words = request.params['text'].to_s.scrub.strip
    return text(422, "a note has 1 to #{LONGEST_NOTE} characters\n") unless (1..LONGEST_NOTE).cover?(words.length)

    @database[:notes].insert(text: words, created_at: Time.now.utc)
    [303, { 'location' => '/' }, []]
  end

  def token
    nonce = SecureRandom.hex(8)
    "#{nonce}.#{signature(nonce)}"
  end

  def ours?(token)
    nonce, signed = token.split('.', 2)
    Rack::Utils.secure_compare(signature(nonce.to_s), signed.to_s)
  end

  def signature(nonce)
    OpenSSL::HMAC.hexdigest('SHA256', @key, nonce)
  end

  def page
    items = notes.map { |note| "<li>#{CGI.escapeHTML(note[:text])}</li>" }.join("\n")
    html(<<~PAGE)
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <title>Guestbook</title>
      <h1>Guestbook</h1>
      <form method="post" action="/notes">
      <input type="hidden" name="token" value="#{token}">
      <label>Your note <input name="text" maxlength="#{LONGEST_NOTE}" required></label>
      <button>Leave it</button>
      </form>
      <ul>
      #{items}
      </ul>
      <p>Version #{CGI.escapeHTML(@version)}</p>
      </html>
    PAGE
  end

  def html(body)
    [200, { 'content-type' => 'text/html; charset=utf-8', 'cache-control' => 'no-store' }, [body]]
  end

  def text(status, body)
    [status, { 'content-type' => 'text/plain; charset=utf-8' }, [body]]
  end

  def json(status, value)
    [status, { 'content-type' => 'application/json' }, [JSON.generate(value)]]
  end
end
