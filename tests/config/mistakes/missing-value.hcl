stack "dashboard" {
  region =
}
