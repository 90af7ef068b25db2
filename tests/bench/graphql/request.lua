-- wrk's script: posts one GraphQL operation again and again. QUERY and VARIABLES name its files; PEOPLE names a file with
-- the ids that @PERSON@ stands for, one a line; @NUMBER@ counts.
local function text_of(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
end

local function quoted(text)
    local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n" }
    return '"' .. text:gsub('["\\\n]', escapes) .. '"'
end

local threads = 0
function setup(thread)
    threads = threads + 1
    thread:set("thread_number", threads)
end

local people, query, variables, sent, began = {}, nil, nil, 0, os.time()
function init()
    query, variables = quoted(text_of(os.getenv("QUERY"))), text_of(os.getenv("VARIABLES"))
    for id in text_of(os.getenv("PEOPLE")):gmatch("%S+") do
        people[#people + 1] = id
    end
    math.randomseed(began + thread_number)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
end

function request()
    sent = sent + 1
    local filled = variables:gsub("@PERSON@", people[math.random(#people)])
    filled = filled:gsub("@NUMBER@", string.format("%d.%d.%d", began, thread_number, sent))
    return wrk.format(nil, nil, nil, '{"query":' .. query .. ',"variables":' .. filled .. "}")
end

function done(summary, latency)
    io.write(string.format("%d %.1f %.2f %d\n", summary.requests, summary.requests / (summary.duration / 1e6),
        latency:percentile(99) / 1e3, summary.errors.status + summary.errors.timeout + summary.errors.read))
end
