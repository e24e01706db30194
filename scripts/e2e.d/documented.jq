# How a document that a command printed differs from the one example in $example: a line for each key that only one of them has, and for
# each value of another type. What is null or empty says nothing about its type. `fee_paid` and `groups`, whose entries have keys of the
# document that they stand in and a name, are described once for all commands.

def differences($example; $at):
  . as $printed
  | if any($example, .; . == null or . == {} or . == []) then empty
    elif type != ($example | type) then "\($at) is documented as \($example | type), printed as \(type)"
    elif type == "array" then .[] | differences($example[0]; "\($at)[]")
    elif type == "object" then
      ((keys - ($example | keys) - ["groups", "fee_paid"])[] | "\($at).\(.) is not documented"),
      ((($example | keys) - keys)[] | "\($at).\(.) is documented and not printed"),
      (keys[] | select(in($example)) as $key | $printed[$key] | differences($example[$key]; "\($at).\($key)")),
      (select($example | has("groups") | not) | .groups[]? | . as $group
        | ($example + {name: null} | with_entries(select(.key | in($group)))) as $keys
        | differences($keys; "\($at).groups[]"))
    else empty end;

if ($example | length) == 1 then differences($example[0]; "") else "there is no example, or more than one" end
