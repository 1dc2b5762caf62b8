# frozen_string_literal: true

require 'sequel'

# Where the rows are: MySQL, at the place that the MYSQL_* variables name.
module Database
  MIGRATIONS = File.expand_path('../db/migrations', __dir__)

  module_function

  # Waits for no server: a pool opens its connections when they are needed, and replaces
  # those that the server has closed.
  def connect(environment)
    database = Sequel.connect(settings(environment).merge(test: false))
    database.extension(:connection_validator)
    database.pool.connection_validation_timeout = 30
    database
  end

  def create(environment)
    name = name_in(environment)
    server = Sequel.connect(settings(environment).reject { |key, _| key == :database })
    server.run("CREATE DATABASE IF NOT EXISTS #{server.literal(Sequel.identifier(name))} CHARACTER SET utf8mb4")
  ensure
    server&.disconnect
  end

  def migrate(database)
    Sequel.extension :migration
    Sequel::Migrator.run(database, MIGRATIONS)
  end

  def settings(environment)
    {
      adapter: 'mysql2',
      host: environment.fetch('MYSQL_HOST'),
      port: Integer(environment.fetch('MYSQL_PORT')),
      user: environment.fetch('MYSQL_USER'),
      password: environment.fetch('MYSQL_PASSWORD'),
      database: name_in(environment),
      encoding: 'utf8mb4',
      connect_timeout: 5,
      max_connections: 4
    }
  end

  def name_in(environment)
    environment.fetch('MYSQL_DATABASE', 'app')
  end
end
