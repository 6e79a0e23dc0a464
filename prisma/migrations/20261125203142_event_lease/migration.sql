-- CreateTable
-- Unlogged by hand: it is renewed twice a second, and after a crash everybody asks for it anew.
CREATE UNLOGGED TABLE "lease" (
    "name" TEXT NOT NULL,
    "node" BIGINT NOT NULL,
    "term" BIGINT NOT NULL,
    "expires" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "lease_pkey" PRIMARY KEY ("name")
);
