-- The message that shows a hosted file, which says who may see it.
CREATE INDEX "message_hosted_file" ON "message" (("file"->>'key')) WHERE ("file"->>'key') IS NOT NULL;
