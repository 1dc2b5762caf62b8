# A copy of the checkout for tools that write where they work.
# shellcheck shell=sh

# copy_tree FOLDER: what git has or would have, without what it ignores.
copy_tree() {
  git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
    if [ -e "$file" ] || [ -h "$file" ]; then
      printf '%s\n' "$file"
    fi
  done | tar -cf - -T - | tar -xf - -C "$1"
}
