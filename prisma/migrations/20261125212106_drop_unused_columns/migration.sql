-- AlterTable
ALTER TABLE "function" DROP COLUMN "initialize_asynchronously";

-- AlterTable
ALTER TABLE "idempotency_key" DROP COLUMN "resource_id";
