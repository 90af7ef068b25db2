# A Ruby script as the legacy API has them: Net::HTTP out, REXML in. Usage: ruby api_php.rb http://127.0.0.1:8080

require 'net/http'
require 'rexml/document'

def post(fields)
  login = { 'login_email' => 'admin@acme.example', 'login_password' => 'correct horse' }
  Net::HTTP.post_form(URI("#{ARGV[0]}/api.php"), login.merge(fields)).body.force_encoding('UTF-8')
end

def same(what, expected, found)
  abort "ruby: #{what} is #{found.inspect} and not #{expected.inspect}" unless found == expected
end

kinds = %w[lead opportunity customer archive person event message]
read = 0
kinds.each do |kind|
  name = "Zoë ruby #{kind} - Smith & <Sons>"
  record = {
    'name' => name, 'title' => name, 'email' => "#{kind}@ruby.example", 'address' => "1 Main St\nSuite 5",
    'value' => '$1,234.50', 'probability' => '25%', 'year' => '2026', 'month' => '5', 'day' => '8', 'body' => 'Grüße & <b>'
  }
  same("the answer to create=#{kind}", 'Success', post(record.merge('create' => kind)))
  found = REXML::Document.new(post('get' => kind, 'search' => "ruby #{kind}")).get_elements("result/#{kind}")
  same("the number of each #{kind}", 1, found.length)
  expected = {
    'event' => { 'date' => 'May 8th', 'title' => name },
    'message' => { 'title' => name, 'body' => 'Grüße & <b>' },
    'person' => { 'name' => name, 'address' => "1 Main St\nSuite 5" }
  }.fetch(kind, { 'name' => name, 'value' => '1234.5000', 'probability' => '0.2500' })
  expected.each { |element, text| same(element, text, found[0].elements[element].text) }
  read += 1
end
puts "ruby #{RUBY_VERSION}: #{kinds.length} created, #{read} read back with REXML"
