# frozen_string_literal: true

Sequel.migration do
  change do
    create_table(:notes) do
      primary_key :id
      String :text, size: 200, null: false
      DateTime :created_at, null: false
    end
  end
end
